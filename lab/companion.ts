import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { z } from 'zod';
import { LabError } from './errors.js';
import type { Layout } from './layout.js';
import { inNamespace } from './network.js';
import { baseEnvironment } from './node-files.js';
import { MARKER } from './run.js';

/** A small program in the switch's network that gathers figures and prints them when asked. */
export interface Companion<T> {
  /** Figures since the start or the last reset. */
  snapshot(): Promise<T>;
  reset(): void;
  /** The final figures; the program has ended. */
  stop(): Promise<T>;
}

export interface CompanionOptions<T> {
  readonly argv: readonly string[];
  readonly report: z.ZodType<T>;
  readonly readyWithinMs: number;
  /** What is said when its first line does not come in time. */
  readonly notReady: string;
}

/** Starts it and waits for its first line. Throws `LabError`. */
export async function startCompanion<T>(layout: Layout, { argv, report, readyWithinMs, notReady }: CompanionOptions<T>): Promise<Companion<T>> {
  const [program = '', ...args] = inNamespace(layout.switchNamespace, argv);
  const child = spawn(program, args, { env: { ...baseEnvironment(layout), [MARKER]: layout.dir }, stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const gone = once(child, 'exit');
  const nextLine = async (): Promise<string> => {
    const line = await lines.next();
    if (line.done) throw new LabError(`${argv.join(' ')} failed: it ended without an answer`);
    return line.value;
  };
  const timer = setTimeout(() => child.kill('SIGKILL'), readyWithinMs);
  try {
    await nextLine();
  } catch {
    throw new LabError(notReady);
  } finally {
    clearTimeout(timer);
  }
  const next = async (): Promise<T> => report.parse(JSON.parse(await nextLine()));
  return {
    snapshot: () => {
      child.stdin.write('snapshot\n');
      return next();
    },
    reset: () => void child.stdin.write('reset\n'),
    stop: async () => {
      child.stdin.end();
      const final = await next();
      await gone;
      return final;
    },
  };
}
