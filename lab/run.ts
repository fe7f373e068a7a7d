import { setTimeout as sleep } from 'node:timers/promises';
import { x } from 'tinyexec';
import { LabError } from './errors.js';

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
  readonly timeoutMs?: number;
}

/** Runs one program to its end; any exit code is an answer. */
export async function run(argv: readonly string[], options: RunOptions = {}): Promise<Finished> {
  const [program, ...rest] = argv;
  if (program === undefined) throw new LabError('run failed: no program given');
  const child = x(program, rest, {
    nodePath: false,
    ...(options.stdin === undefined ? {} : { stdin: options.stdin }),
    ...(options.timeoutMs === undefined ? {} : { timeout: options.timeoutMs }),
    nodeOptions: {
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      ...(options.env === undefined ? {} : { env: options.env }),
      stdio: [options.stdin === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    },
  });
  const { stdout, stderr } = await child;
  return { exitCode: child.exitCode ?? 128, stdout, stderr };
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
