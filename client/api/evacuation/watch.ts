import { setTimeout as sleep } from 'node:timers/promises';
import type { FerryClient } from '../../connection.js';
import { abortable } from '../abortable.js';
import { isOutage } from '../watch.js';
import { awaitRunEnding, type RunEnding } from './ending.js';

export interface WatchRunOptions<P> {
  readonly query: string;
  readonly onProgress: (progress: P) => void;
  readonly onNotice: (sentence: string) => void;
  /** Aborting detaches: the workflow goes on. */
  readonly signal: AbortSignal;
}

const LOOK_EVERY_MS = 1000;
const QUERY_DEADLINE_MS = 3000;
/** Misses in a row before a word is said. */
const MISSES_TO_NOTICE = 3;

/** Follows a run, through its continuations and through outages of Temporal, to its end. */
export async function watchRun<R, P>(client: FerryClient, workflowId: string, options: WatchRunOptions<P>): Promise<RunEnding<R> | { readonly kind: 'detached' }> {
  const stop = new AbortController();
  const detach = (): void => stop.abort();
  options.signal.addEventListener('abort', detach, { once: true });
  const looking = look(client, workflowId, options, stop.signal);
  try {
    for (;;) {
      try {
        return await abortable(client, stop.signal, () => awaitRunEnding<R>(client.temporal.workflow.getHandle(workflowId)));
      } catch (error) {
        if (options.signal.aborted) return { kind: 'detached' };
        if (!isOutage(error)) throw error;
        await sleep(LOOK_EVERY_MS);
      }
    }
  } finally {
    options.signal.removeEventListener('abort', detach);
    stop.abort();
    await looking;
  }
}

async function look<P>(client: FerryClient, workflowId: string, { query, onProgress, onNotice }: WatchRunOptions<P>, signal: AbortSignal): Promise<void> {
  let misses = 0;
  while (!signal.aborted) {
    try {
      const handle = client.temporal.workflow.getHandle(workflowId);
      const progress = await abortable(client, signal, () => client.temporal.withDeadline(Date.now() + QUERY_DEADLINE_MS, () => handle.query<P>(query)));
      if (misses >= MISSES_TO_NOTICE) onNotice('a control worker answers again');
      misses = 0;
      onProgress(progress);
    } catch {
      misses += 1;
      if (misses === MISSES_TO_NOTICE && !signal.aborted) onNotice('nobody answers: Temporal or the control workers are away; guests are not affected, waiting');
    }
    await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined);
  }
}
