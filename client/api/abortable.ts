import { setMaxListeners } from 'node:events';
import type { FerryClient } from '../connection.js';

/**
 * Runs calls to Temporal that end when `signal` aborts. The connection adds a listener per request and never takes it
 * back, so it gets a signal that lives no longer than `run`.
 */
export async function abortable<T>(client: FerryClient, signal: AbortSignal, run: () => Promise<T>): Promise<T> {
  signal.throwIfAborted();
  const once = new AbortController();
  setMaxListeners(0, once.signal);
  const forward = (): void => once.abort();
  signal.addEventListener('abort', forward, { once: true });
  try {
    return await client.temporal.withAbortSignal(once.signal, run);
  } finally {
    signal.removeEventListener('abort', forward);
  }
}
