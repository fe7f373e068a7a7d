import { MigrationError } from '../domain/errors.js';

export interface WaitOptions {
  readonly intervalMs: number;
  readonly signal: AbortSignal;
  /** Lets an event cut the interval short; returns its unsubscribe. */
  readonly wake?: (fn: () => void) => () => void;
}

/** Asks `condition` again after each interval (or wake-up) until it holds. Throws `Cancelled` when the signal fires. */
export async function waitUntil(condition: () => Promise<boolean>, options: WaitOptions): Promise<void> {
  while (!(await condition())) await pause(options);
}

/** Sleeps one interval, or until woken or aborted. */
export function pause({ intervalMs, signal, wake }: WaitOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    const stopWake = wake?.(() => finish());
    const timer = setTimeout(() => finish(), intervalMs);
    const onAbort = (): void => finish(new MigrationError('Cancelled', 'wait ended: the activity was cancelled'));
    function finish(error?: Error): void {
      clearTimeout(timer);
      stopWake?.();
      signal.removeEventListener('abort', onAbort);
      if (error) reject(error);
      else resolve();
    }
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  });
}
