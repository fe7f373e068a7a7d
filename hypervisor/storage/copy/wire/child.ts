import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { MigrationError } from '../../../../domain/errors.js';

/** A program whose input and output are a stream of the copy. */
export interface PipedChild {
  readonly stdin: Writable;
  readonly stdout: Readable;
  /** null: ended by a signal. Rejects with `Internal` when it could not be started. */
  readonly ended: Promise<number | null>;
  /** The last of what it complained about. */
  stderr(): string;
  /** SIGTERM. */
  terminate(): void;
  /** SIGKILL, and waits for its end. */
  kill(): Promise<void>;
}

const MOST_STDERR_CHARACTERS = 16_384;

export function startPiped(command: string, args: readonly string[], options: { readonly cwd?: string; readonly env?: Readonly<Record<string, string>> } = {}): PipedChild {
  const child: ChildProcess = spawn(command, args, {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, LC_ALL: 'C', ...options.env },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  const [stdin, stdout, stderr] = [child.stdin as Writable, child.stdout as Readable, child.stderr as Readable];
  let said = '';
  stderr.on('data', (text: Buffer) => { said = (said + text.toString('utf8')).slice(-MOST_STDERR_CHARACTERS); });
  // Whoever writes to a program that has ended learns it from its exit.
  stdin.on('error', () => undefined);
  const ended = once(child, 'close').then(([exitCode]) => exitCode as number | null, (error: unknown) => {
    throw new MigrationError('Internal', `run failed: ${command}: ${String(error)}`, { command }, error);
  });
  ended.catch(() => undefined);
  return {
    stdin, stdout, ended,
    stderr: () => said.trim(),
    terminate: () => { child.kill('SIGTERM'); },
    async kill() {
      child.kill('SIGKILL');
      stdout.destroy();
      stderr.destroy();
      await ended.catch(() => undefined);
    },
  };
}
