import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import type { Solve } from '../../domain/placement/model.js';

export interface HighsOptions {
  /** For one model. */
  readonly timeLimitSeconds: number;
  /** An answer this near to what can still be hoped for counts as the best. */
  readonly relativeGap: number;
}

const DEFAULTS: HighsOptions = { timeLimitSeconds: 4, relativeGap: 0.002 };
/** HiGHS looks at its clock between two steps only. */
const GRACE_MS = 3000;

/**
 * HiGHS (WebAssembly, npm `highs`) in a thread of its own: it computes without a pause, and a worker that did so itself would not heartbeat.
 * One model at a time; one that takes far too long, or breaks the thread, has no answer.
 */
export function createHighsSolver({ timeLimitSeconds, relativeGap }: HighsOptions = DEFAULTS): Solve {
  let thread: Worker | null = null;
  let before: Promise<unknown> = Promise.resolve();
  const ask = (model: string): Promise<Answer | null> => {
    const worker = (thread ??= startThread());
    return new Promise((resolve) => {
      const broken = (): void => end(null);
      const end = (answer: Answer | null): void => {
        clearTimeout(late);
        worker.off('message', end).off('error', broken).off('exit', broken);
        worker.unref();
        if (answer === null) {
          thread = null;
          void worker.terminate();
        }
        resolve(answer);
      };
      const late = setTimeout(broken, timeLimitSeconds * 1000 + GRACE_MS);
      worker.on('message', end).on('error', broken).on('exit', broken);
      worker.ref();
      worker.postMessage({ model, options: { time_limit: timeLimitSeconds, mip_rel_gap: relativeGap, output_flag: false } });
    });
  };
  return async (model) => {
    const answer = before.then(() => ask(model));
    before = answer.catch(() => undefined);
    const found = await answer;
    return found === null || found.values === null ? null : { values: found.values, proved: found.proved };
  };
}

interface Answer {
  readonly values: Readonly<Record<string, number>> | null;
  readonly proved: boolean;
}

function startThread(): Worker {
  // The thread's program is given as text: it has to find the library from wherever this module runs, compiled or not.
  const worker = new Worker(THREAD, { eval: true, workerData: createRequire(import.meta.url).resolve('highs') });
  worker.unref();
  // What breaks it while nobody asks is found out by who asks next.
  worker.on('error', () => undefined);
  return worker;
}

const THREAD = `
const { parentPort, workerData } = require('node:worker_threads');
const ready = require(workerData)();
parentPort.on('message', async ({ model, options }) => {
  const highs = await ready;
  const { Status, Columns } = highs.solve(model, options);
  const entries = Object.entries(Columns).map(([name, column]) => [name, column.Primal]);
  const usable = entries.length > 0 && entries.every(([, value]) => Number.isFinite(value));
  const answered = Status === 'Optimal' || Status === 'Time limit reached';
  parentPort.postMessage({ values: answered && usable ? Object.fromEntries(entries) : null, proved: Status === 'Optimal' });
});
`;
