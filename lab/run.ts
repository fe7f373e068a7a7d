import { AsyncLocalStorage } from 'node:async_hooks';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../domain/errors.js';
import { LabError } from './errors.js';

/** In the environment of everything a lab starts: what finds a process whose record is lost. */
export const MARKER = 'FERRY_LAB_PROCESS_OF';
const marked = new AsyncLocalStorage<string>();

/** Every program that `work` runs carries the lab's mark, so that `down` ends it even when we are killed meanwhile. */
export const runMarked = <T>(labDir: string, work: () => Promise<T>): Promise<T> => marked.run(labDir, work);

export interface Finished {
  /** 128 + n when it was killed. */
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly stdin?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** Runs one program to its end; any exit code is an answer. Throws `LabError` when it cannot be started. */
export async function run(argv: readonly string[], options: RunOptions = {}): Promise<Finished> {
  const [program = '', ...rest] = argv;
  const labDir = marked.getStore();
  const child = spawn(program, rest, {
    cwd: options.cwd,
    env: { ...process.env, ...options.env, ...(labDir === undefined ? {} : { [MARKER]: labDir }) },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  // EPIPE: the program ended without reading all of it, which its exit code tells
  child.stdin.on('error', () => undefined).end(options.stdin ?? '');
  const [stdout, stderr, [code, signal]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
    .catch((error: unknown) => { throw new LabError(`${program} failed: ${messageOf(error)}`); }) as [string, string, [number | null, NodeJS.Signals | null]];
  return { exitCode: code ?? 128 + (signal === null ? 0 : constants.signals[signal]), stdout, stderr };
}

/** Runs one program that has to succeed; its stdout. Throws `LabError` with the program's own words. */
export async function must(argv: readonly string[], options: RunOptions = {}): Promise<string> {
  const done = await run(argv, options);
  if (done.exitCode === 0) return done.stdout;
  const words = (done.stderr || done.stdout).trim();
  throw new LabError(`${argv.slice(0, 6).join(' ')} failed: exit ${done.exitCode}: ${words}`);
}

/** Asks every 10 ms until it is true. Throws `LabError` after `timeoutMs`. */
export async function until(what: string, timeoutMs: number, ask: () => boolean | Promise<boolean>, everyMs = 10): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await ask())) {
    if (Date.now() > deadline) throw new LabError(`waiting failed: ${what}: not within ${timeoutMs} ms`);
    await sleep(everyMs);
  }
}
