import { Worker } from 'node:worker_threads';

export interface WatchdogOptions {
  readonly tickMs: number;
  /** So many ticks in a row without a sign of the main thread. */
  readonly stillTicks: number;
}

/** Longer than any burst of work on a busy machine, and far shorter than a guest may stand still. */
const DEFAULTS: WatchdogOptions = { tickMs: 1000, stillTicks: 20 };

/**
 * Ends this process (SIGKILL, after a line on stderr) when its main thread stands still, e.g. in a call to a cluster file system that
 * hangs: a guest may be waiting for it in its blackout, and the next agent goes back on duty before anything else. Ticks are counted, not
 * time: a process that was frozen as a whole and thaws has not stood still by itself.
 */
export function startWatchdog({ tickMs, stillTicks }: WatchdogOptions = DEFAULTS): void {
  const pulse = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  setInterval(() => Atomics.add(pulse, 0, 1), tickMs / 2).unref();
  // Its program is text: it runs from wherever this module does, compiled or not.
  new Worker(THREAD, { eval: true, execArgv: [], workerData: { pulse, tickMs, stillTicks } }).unref();
}

const THREAD = `
const { writeSync } = require('node:fs');
const { workerData: { pulse, tickMs, stillTicks } } = require('node:worker_threads');
let seen = -1;
let still = 0;
setInterval(() => {
  const now = Atomics.load(pulse, 0);
  still = now === seen ? still + 1 : 0;
  seen = now;
  if (still < stillTicks) return;
  writeSync(2, 'ferry: the main thread has stood still for ' + (stillTicks * tickMs) / 1000 + ' s: this process ends itself, the next one takes over\\n');
  process.kill(process.pid, 'SIGKILL');
}, tickMs);
`;
