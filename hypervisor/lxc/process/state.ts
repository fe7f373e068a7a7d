import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CtRunState } from '../../../domain/contracts/ct-facts.js';
import { MigrationError } from '../../../domain/errors.js';
import type { Vmid } from '../../../domain/ids.js';
import { run } from '../../exec.js';
import type { LxcPaths } from '../paths.js';

/** A container as LXC on this node sees it. */
export interface CtState {
  readonly state: CtRunState;
  /** Its first process, as this node numbers it; null: there is none (any more). */
  readonly initPid: number | null;
}

const INFO_TIMEOUT_MS = 10_000;
const POLL_INTERVAL_MS = 10;
/** liblxc's states (lxc(7)). A container that is being aborted is on its way down, one that is being thawed runs again. */
const STATES: Readonly<Record<string, CtRunState>> = {
  STOPPED: 'stopped', STARTING: 'starting', RUNNING: 'running', STOPPING: 'stopping', ABORTING: 'stopping', FREEZING: 'frozen', FROZEN: 'frozen', THAWED: 'running',
};

/**
 * Whether the container runs on this node. LXC is asked over a socket that exists once per network namespace and LXC path
 * (an abstract one): of a container on another node it knows nothing and says `stopped`. Throws `Internal` when it can't be asked.
 */
export async function containerState(vmid: Vmid, paths: LxcPaths): Promise<CtState> {
  const { exitCode, stdout, stderr } = await run('lxc-info', [...nameArguments(vmid, paths), '-s', '-p'], { timeoutMs: INFO_TIMEOUT_MS });
  const state = STATES[/^State:\s*(\w+)$/m.exec(stdout)?.[1] ?? ''];
  const pid = /^PID:\s*(\d+)$/m.exec(stdout)?.[1];
  if (state !== undefined) return { state, initPid: pid === undefined ? null : Number(pid) };
  // Without a folder in the LXC path (we keep none) this is what LXC says of a container that does not run.
  if (exitCode === 1 && /doesn't exist/.test(stdout + stderr)) return { state: 'stopped', initPid: null };
  throw new MigrationError('Internal', `ask for CT ${vmid} failed: lxc-info: ${(stderr || stdout).trim() || `exit ${exitCode ?? 'by signal'}`}`, { vmid, exitCode });
}

/** Waits until the container runs, or no longer does: whichever comes first. */
export async function awaitRunning(vmid: Vmid, paths: LxcPaths, timeoutMs: number): Promise<CtState> {
  return awaitState(vmid, paths, timeoutMs, ({ state, initPid }) => state === 'stopped' || (state === 'running' && initPid !== null));
}

/** The first state that `holds`, or after `timeoutMs` the last one there was. */
export async function awaitState(vmid: Vmid, paths: LxcPaths, timeoutMs: number, holds: (state: CtState) => boolean): Promise<CtState> {
  const deadlineMs = performance.now() + timeoutMs;
  for (;;) {
    const seen = await containerState(vmid, paths);
    if (holds(seen) || performance.now() >= deadlineMs) return seen;
    await sleep(POLL_INTERVAL_MS);
  }
}

/** How every LXC program is told which container is meant. The path has to be the very text it was started with. */
export const nameArguments = (vmid: Vmid, { lxcPath }: LxcPaths): readonly string[] => ['-n', String(vmid), '-P', lxcPath];

/** The process that holds a container together, its init's parent; null: the init is gone. */
export function monitorPid(initPid: number): number | null {
  try {
    const parent = /^PPid:\s*(\d+)$/m.exec(readFileSync(`/proc/${initPid}/status`, 'utf8'))?.[1];
    return parent === undefined ? null : Number(parent);
  } catch {
    return null;
  }
}
