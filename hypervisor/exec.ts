import { spawn, type ChildProcess } from 'node:child_process';
import { MigrationError, type ErrorCode } from '../domain/errors.js';

export interface RunOptions {
  /** The process gets SIGKILL after this many ms (default 60 000). */
  readonly timeoutMs?: number;
  /** Written to its standard input, which is empty otherwise. */
  readonly input?: string;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** What it has started is killed with it after the timeout. */
  readonly ownGroup?: boolean;
}

export interface RunResult {
  /** null: ended by a signal. */
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly timedOut: boolean;
}

/**
 * Runs a program with an argument list (no shell) and collects what it says. Any exit is a result. Throws `Internal`
 * only when it can't be started. Its own `node:child_process`, since tinyexec's `.mjs` can't be loaded by the tests.
 */
export function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: options.ownGroup === true,
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      ...(options.env === undefined ? {} : { env: { ...process.env, ...options.env } }),
    });
    let timedOut = false;
    const timer = setTimeout(() => { timedOut = true; end(child, options.ownGroup === true); }, options.timeoutMs ?? 60_000);
    const stdout = collect(child.stdout);
    const stderr = collect(child.stderr);
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.input ?? '');
    child.on('error', (error) => {
      clearTimeout(timer);
      reject(new MigrationError('Internal', `run failed: ${command}: ${error.message}`, { command, args }, error));
    });
    child.on('close', (exitCode) => {
      clearTimeout(timer);
      resolve({ exitCode, stdout: stdout(), stderr: stderr(), timedOut });
    });
  });
}

function end(child: ChildProcess, group: boolean): void {
  try {
    if (!group || child.pid === undefined) child.kill('SIGKILL');
    else process.kill(-child.pid, 'SIGKILL');
  } catch {
    // It has ended, and only what it has started still holds the pipes.
  }
  // Whoever holds them now is not waited for.
  child.stdout?.destroy();
  child.stderr?.destroy();
}

/** As `run`, but anything other than exit 0 is thrown as `code`, with the program's own words. Returns its standard output. */
export async function runOk(command: string, args: readonly string[], options: RunOptions & { readonly code?: ErrorCode } = {}): Promise<string> {
  const result = await run(command, args, options);
  if (result.exitCode === 0) return result.stdout;
  const cause = result.timedOut ? `no end within ${options.timeoutMs ?? 60_000} ms` : result.stderr.trim() || result.stdout.trim() || `exit ${result.exitCode ?? 'by signal'}`;
  throw new MigrationError(options.code ?? 'Internal', `run failed: ${command} ${args[0] ?? ''}: ${cause}`, { command, args, exitCode: result.exitCode, stderr: result.stderr });
}

function collect(stream: NodeJS.ReadableStream): () => string {
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  return () => Buffer.concat(chunks).toString('utf8');
}
