import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync, rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { MigrationError, messageOf } from '../../../domain/errors.js';
import { startTimeOf } from '../../process.js';
import { knownName, readKnownHosts } from './known-hosts.js';
import { isListening } from './listening.js';
import { turnOffDelay } from './no-delay.js';
import { isAlive } from './process-identity.js';
import { fitsControlPath, forwardSpec, tunnelArguments, type Forward } from './ssh-arguments.js';
import { describeTarget, type SshTarget } from './ssh-target.js';
import { readTunnelRecord, writeTunnelRecord, type TunnelRecord } from './tunnel-record.js';

/** An OpenSSH child that carries bulk bytes. It lives on when this process dies. */
export interface Tunnel {
  readonly record: TunnelRecord;
  /** Called once when ssh has ended (at once, when it already has), unless by `close`; returns its unsubscribe. */
  onExit(fn: (cause: MigrationError) => void): () => void;
  /** Stops watching; ssh lives on. */
  detach(): void;
  /** Ends ssh and removes its sockets and records. */
  close(): Promise<void>;
}

export interface TunnelOptions extends SshTarget {
  readonly forwards: readonly Forward[];
  /** File for the record; ssh's messages go to the file of this name with `.err`. */
  readonly pidRecord: string;
}

const READY_TIMEOUT_MS = 15_000;
const READY_POLL_MS = 5;
const EXIT_POLL_MS = 250;
const TERM_TIMEOUT_MS = 2000;

/**
 * Resolves when the local sockets listen. A living tunnel of the same record file and forwards is adopted, not doubled.
 * Throws `TransportFailed` with ssh's own words.
 */
export async function openSshTunnel(options: TunnelOptions): Promise<Tunnel> {
  const found = readTunnelRecord(options.pidRecord);
  if (found !== null) {
    if (lives(found) && words(found.forwards).join() === words(options.forwards).join()) return untilReady(watch(found, null), options);
    await closeTunnel(found);
  }
  const hosts = await readKnownHosts(options.knownHostsFile);
  const controlPath = fitsControlPath(controlPathOf(options)) ? controlPathOf(options) : null;
  const args = tunnelArguments(options, knownName(hosts, options), options.forwards, controlPath);
  for (const path of [controlPathOf(options), ...options.forwards.map(({ localPath }) => localPath)]) rmSync(path, { force: true });
  const errorFile = `${options.pidRecord}.err`;
  const child = await spawnDetached(args, errorFile, options);
  const startTime = startTimeOf(child.pid);
  const record: TunnelRecord = { pid: child.pid, startTime: startTime ?? 0, forwards: options.forwards, pidRecord: options.pidRecord, errorFile };
  writeTunnelRecord(record);
  const tunnel = await untilReady(watch(record, child.process), options);
  return controlPath === null ? tunnel : withoutDelay(tunnel, controlPath);
}

/** Nothing waits for it but the end. */
function withoutDelay(tunnel: Tunnel, controlPath: string): Tunnel {
  const turnedOff = turnOffDelay(controlPath);
  return {
    ...tunnel,
    async close() {
      await tunnel.close();
      await turnedOff;
    },
  };
}

const controlPathOf = ({ pidRecord }: Pick<TunnelRecord, 'pidRecord'>): string => `${pidRecord}.ctl`;

/** Takes up a tunnel that an earlier process of this agent opened; of one that is gone, `onExit` tells at once. */
export const adoptTunnel = (record: TunnelRecord): Tunnel => watch(record, null);

/** Ends exactly the recorded process, if it still lives, and removes what it left. */
export async function closeTunnel(record: TunnelRecord): Promise<void> {
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    if (lives(record)) tell(record.pid, signal);
    const deadlineMs = performance.now() + TERM_TIMEOUT_MS;
    while (lives(record) && performance.now() < deadlineMs) await sleep(READY_POLL_MS);
  }
  for (const path of [...record.forwards.map(({ localPath }) => localPath), record.pidRecord, record.errorFile, controlPathOf(record)]) rmSync(path, { force: true });
}

function watch(record: TunnelRecord, child: ChildProcess | null): Tunnel {
  const listeners = new Set<(cause: MigrationError) => void>();
  let cause: MigrationError | null = null;
  const onGone = (how: string): void => {
    stop();
    cause = ended(record, how);
    for (const listener of listeners) listener(cause);
    listeners.clear();
  };
  const onChildExit = (code: number | null, signal: string | null): void => onGone(signal ?? `exit code ${code}`);
  const timer = child === null ? setInterval(() => { if (!lives(record)) onGone('the process is gone'); }, EXIT_POLL_MS).unref() : null;
  const stop = (): void => {
    if (timer !== null) clearInterval(timer);
    child?.off('exit', onChildExit);
  };
  child?.once('exit', onChildExit);
  if (child === null && !lives(record)) onGone('the process is gone');
  return {
    record,
    detach: stop,
    onExit(fn) {
      if (cause === null) listeners.add(fn);
      else fn(cause);
      return () => listeners.delete(fn);
    },
    async close() {
      stop();
      listeners.clear();
      await closeTunnel(record);
    },
  };
}

async function untilReady(tunnel: Tunnel, target: SshTarget): Promise<Tunnel> {
  const problems: MigrationError[] = [];
  const unsubscribe = tunnel.onExit((cause) => problems.push(cause));
  const deadlineMs = performance.now() + READY_TIMEOUT_MS;
  while (problems.length === 0 && !tunnel.record.forwards.every(({ localPath }) => isListening(localPath))) {
    if (performance.now() > deadlineMs) problems.push(ended(tunnel.record, `no sockets after ${READY_TIMEOUT_MS} ms`));
    else await sleep(READY_POLL_MS);
  }
  unsubscribe();
  const [problem] = problems;
  if (problem === undefined) return tunnel;
  await tunnel.close();
  throw new MigrationError('TransportFailed', `open ssh tunnel failed: ${describeTarget(target)}: ${problem.message}`, problem.facts, problem);
}

/** A session of its own and no pipes: neither a signal to our group nor our death reaches it. */
async function spawnDetached(args: readonly string[], errorFile: string, target: SshTarget): Promise<{ process: ChildProcess; pid: number }> {
  const errors = openSync(errorFile, 'w', 0o600);
  try {
    const child = spawn('ssh', args, { detached: true, stdio: ['ignore', errors, errors] });
    if (child.pid === undefined) {
      const error = await new Promise((resolve) => child.once('error', resolve));
      throw new MigrationError('TransportFailed', `open ssh tunnel failed: ${describeTarget(target)}: ${messageOf(error)}`, {}, error);
    }
    child.unref();
    return { process: child, pid: child.pid };
  } finally {
    closeSync(errors);
  }
}

function tell(pid: number, signal: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

const words = (forwards: readonly Forward[]): string[] => forwards.map(forwardSpec);
const lives = (record: TunnelRecord): boolean => isAlive(record, words(record.forwards));

function ended(record: TunnelRecord, how: string): MigrationError {
  const said = readErrors(record.errorFile);
  return new MigrationError('TransportFailed', `ssh tunnel ended: pid ${record.pid}: ${said === '' ? how : `${said} (${how})`}`, { pid: record.pid, stderr: said });
}

function readErrors(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim().replaceAll(/\r?\n/g, '; ');
  } catch {
    return '';
  }
}
