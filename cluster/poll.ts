import { setTimeout as delay } from 'node:timers/promises';

/** Asks until the answer is yes or the time is over; says which. */
export async function poll(ask: () => Promise<boolean>, longestMs: number): Promise<boolean> {
  const deadline = performance.now() + longestMs;
  while (!(await ask())) {
    if (performance.now() >= deadline) return false;
    await delay(INTERVAL_MS);
  }
  return true;
}

const INTERVAL_MS = 10;
