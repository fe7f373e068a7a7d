import { PassThrough } from 'node:stream';
import type { Io, OutStream } from '../../../client/cli/io.js';
import { runFerry } from '../../../client/cli/program.js';

export interface Cli {
  readonly done: Promise<number>;
  readonly out: () => string;
  readonly err: () => string;
  /** Ctrl-C. */
  interrupt(): void;
  /** Resolves when the text has appeared on stdout. */
  seen(text: string): Promise<void>;
}

/** Runs one command line in this process, with streams of its own. */
export function ferry(env: NodeJS.ProcessEnv, argv: readonly string[], options: { readonly tty?: boolean } = {}): Cli {
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const text = { out: '', err: '' };
  const waiting: { text: string; resolve: () => void }[] = [];
  stdout.on('data', (chunk: Buffer) => {
    text.out += chunk.toString();
    for (const one of waiting) if (text.out.includes(one.text)) one.resolve();
  });
  stderr.on('data', (chunk: Buffer) => {
    text.err += chunk.toString();
  });
  let handler = (): void => undefined;
  const io: Io = {
    stdout: Object.assign(stdout, options.tty === true ? { isTTY: true, columns: 100 } : {}) as OutStream,
    stderr: stderr as OutStream,
    env,
    caller: 'root@pve1',
    onInterrupt: (wanted) => {
      handler = wanted;
      return () => undefined;
    },
  };
  return {
    done: runFerry(argv, io),
    out: () => text.out,
    err: () => text.err,
    interrupt: () => handler(),
    seen: (wanted) => (text.out.includes(wanted) ? Promise.resolve() : new Promise((resolve) => waiting.push({ text: wanted, resolve }))),
  };
}
