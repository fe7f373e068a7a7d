import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import type { Layout } from './layout.js';
import { MARKER, until } from './run.js';

const recordSchema = z.object({ pid: z.number(), startTicks: z.number(), bootId: z.string() });
/** One long-lived process of the lab: `<dir>/run/<name>.json`. A record of another boot or a reused pid is simply stale. */
export type ProcessRecord = Readonly<z.infer<typeof recordSchema>>;

export interface Launch {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly logFile: string;
  readonly cwd?: string;
  /** The program writes its record itself. */
  readonly ownRecord?: boolean;
}

/** Starts a process in a session of its own that outlives this one; it has written its record when this resolves. */
export async function startRecorded(layout: Layout, name: string, launch: Launch): Promise<void> {
  mkdirSync(dirname(launch.logFile), { recursive: true });
  const file = recordFile(layout, name);
  rmSync(file, { force: true });
  const log = openSync(launch.logFile, 'a');
  const wrapper = launch.ownRecord ? [] : [join(layout.home, 'lab/recorded.sh'), file];
  const child = spawn('bash', [...wrapper, ...launch.argv], {
    cwd: launch.cwd ?? '/', env: { ...launch.env, [MARKER]: layout.dir }, detached: true, stdio: ['ignore', log, log],
  });
  closeSync(log);
  let failed: Error | undefined;
  child.once('error', (error) => { failed = error; });
  child.unref();
  await until(`${name} to start, see ${launch.logFile}`, 10_000, () => {
    if (failed) throw failed;
    return readRecord(layout, name) !== null;
  });
}

/** null: never started, or the record is gone. */
export function readRecord(layout: Layout, name: string): ProcessRecord | null {
  try {
    return recordSchema.parse(JSON.parse(readFileSync(recordFile(layout, name), 'utf8')));
  } catch {
    return null;
  }
}

export function runningPid(layout: Layout, name: string): number | null {
  const record = readRecord(layout, name);
  return record !== null && isAlive(record) ? record.pid : null;
}

/** Ends a recorded process with its whole session, first kindly; no error when it is gone already. */
export async function stopRecorded(layout: Layout, name: string, options: { kindlyMs?: number } = {}): Promise<void> {
  const record = readRecord(layout, name);
  if (record !== null && record.bootId === bootId()) {
    const members = (): number[] => sessionOf(record);
    if (options.kindlyMs) {
      killAll(members(), 'SIGTERM');
      await until(`${name} to end`, options.kindlyMs, () => members().length === 0).catch(() => undefined);
    }
    await killUntilGone(name, members);
  }
  rmSync(recordFile(layout, name), { force: true });
}

/** Ends every process that carries this lab's mark, whatever became of its record. */
export async function sweepProcesses(layout: Layout): Promise<void> {
  const mark = `${MARKER}=${layout.dir}`;
  await killUntilGone('marked processes', () =>
    allPids().filter((pid) => pid !== process.pid && readProc(pid, 'environ').split('\0').includes(mark) && statOf(pid) !== null));
}

export async function killUntilGone(what: string, pids: () => readonly number[]): Promise<void> {
  await until(`${what} to die`, 10_000, () => {
    const left = pids();
    killAll(left, 'SIGKILL');
    return left.length === 0;
  });
}

export function isAlive(record: ProcessRecord): boolean {
  return record.bootId === bootId() && statOf(record.pid)?.startTicks === record.startTicks;
}

const recordFile = (layout: Layout, name: string): string => join(layout.runDir, `${name}.json`);
const bootId = (): string => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
const allPids = (): number[] => readdirSync('/proc').map(Number).filter((n) => n > 0);

/** The leader itself, and whoever it left in its session: a session's number is not given again while it has members. */
function sessionOf(record: ProcessRecord): number[] {
  const leader = statOf(record.pid);
  if (leader !== null && leader.startTicks !== record.startTicks) return [];
  return allPids().filter((pid) => {
    const stat = statOf(pid);
    return stat !== null && stat.startTicks >= record.startTicks && (pid === record.pid || stat.session === record.pid);
  });
}

/** null: no such process, or it has ended. A zombie whose other threads are still on their way out holds its ports and files (proc_pid_stat(5), field 20). */
function statOf(pid: number): { readonly session: number; readonly startTicks: number } | null {
  const text = readProc(pid, 'stat');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state] = fields;
  if (!text || state === 'X' || (state === 'Z' && Number(fields[17]) <= 1)) return null;
  return { session: Number(fields[3]), startTicks: Number(fields[19]) };
}

function readProc(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1');
  } catch {
    return '';
  }
}

function killAll(pids: readonly number[], signal: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
    } catch {
      // it has ended by itself in between
    }
  }
}
