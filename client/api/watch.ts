import { isGrpcServiceError, ServiceError, type WorkflowHandle } from '@temporalio/client';
import { setTimeout as sleep } from 'node:timers/promises';
import type { MigrationProgress } from '../../domain/contracts/progress.js';
import type { FerryClient } from '../connection.js';
import { combineView, type PendingStep, type ProgressView } from '../view.js';
import { abortable } from './abortable.js';
import { queryProgress } from './look.js';
import { awaitEnding, type Ending } from './outcome.js';
import { pendingSteps } from './pending.js';

export interface WatchOptions {
  /** Called with each look; the same view may come twice. */
  readonly onView?: (view: ProgressView) => void;
  /** Something about the watching itself: Temporal away, no control worker. */
  readonly onNotice?: (sentence: string) => void;
  /** Aborting detaches: the migration goes on. */
  readonly signal?: AbortSignal;
}

export type Watched = Ending | { readonly kind: 'detached' };

const LOOK_EVERY_MS = 500;
const MAX_QUERY_PAUSE_MS = 8000;
const DESCRIBE_DEADLINE_MS = 2000;
const RECONNECT_EVERY_MS = 1000;
/** Misses in a row before a word is said: one may be bad luck. */
const MISSES_TO_NOTICE = 2;

/**
 * Follows one run to its end: its answer to `progress`, its pending activities' heartbeats, its result. Outlives an
 * outage of Temporal and of the control worker; throws only what waiting can't mend.
 */
export async function watchMigration(
  client: FerryClient,
  run: { readonly workflowId: string; readonly runId?: string },
  options: WatchOptions = {},
): Promise<Watched> {
  const handle = client.temporal.workflow.getHandle(run.workflowId, run.runId);
  const stop = new AbortController();
  const detach = (): void => stop.abort();
  options.signal?.addEventListener('abort', detach, { once: true });
  if (options.signal?.aborted === true) detach();
  const looks = look(client, handle, stop.signal, options);
  try {
    return await endingThroughOutages(client, handle, stop.signal);
  } catch (error) {
    if (options.signal?.aborted === true) return { kind: 'detached' };
    throw error;
  } finally {
    options.signal?.removeEventListener('abort', detach);
    stop.abort();
    await looks;
  }
}

/** Two loops, so that a workflow without a worker does not hide what the nodes report. */
async function look(client: FerryClient, handle: WorkflowHandle, signal: AbortSignal, options: WatchOptions): Promise<void> {
  let progress: MigrationProgress | null = null;
  let steps: readonly PendingStep[] = [];
  const emit = (): void => {
    if (!signal.aborted && (progress !== null || steps.length > 0)) options.onView?.(combineView(progress, steps));
  };
  const say = (sentence: string): void => {
    if (!signal.aborted) options.onNotice?.(sentence);
  };
  const server = new Misses(say, `Temporal at ${client.address} does not answer; the migration is not affected, waiting`, 'Temporal answers again');
  const worker = new Misses(say, 'no control worker answers; the nodes go on by themselves (start one with `ferry control`)', 'a control worker answers again');
  const asking = repeat(signal, async () => {
    const answer = await abortable(client, signal, () => queryProgress(client, handle));
    // Without the server there is no saying whether a worker is there.
    if (server.count === 0) worker.note(answer !== null);
    progress = answer ?? progress;
    emit();
    return Math.min(MAX_QUERY_PAUSE_MS, LOOK_EVERY_MS * 2 ** Math.min(worker.count, 5));
  });
  const describing = repeat(signal, async () => {
    try {
      const deadline = Date.now() + DESCRIBE_DEADLINE_MS;
      steps = await abortable(client, signal, () => client.temporal.withDeadline(deadline, () => pendingSteps(handle)));
      server.note(true);
      emit();
      return LOOK_EVERY_MS;
    } catch {
      server.note(false);
      return RECONNECT_EVERY_MS;
    }
  });
  await Promise.all([asking, describing]);
}

/** Runs `once` until the signal aborts; it returns the pause to the next time, ms. */
async function repeat(signal: AbortSignal, once: () => Promise<number>): Promise<void> {
  while (!signal.aborted) {
    const pauseMs = await once().catch(() => RECONNECT_EVERY_MS);
    await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
  }
}

/** Speaks once when something is away, and once when it is back. */
class Misses {
  count = 0;
  readonly #say: (sentence: string) => void;
  readonly #away: string;
  readonly #back: string;

  constructor(say: (sentence: string) => void, away: string, back: string) {
    this.#say = say;
    this.#away = away;
    this.#back = back;
  }

  note(answered: boolean): void {
    if (answered && this.count >= MISSES_TO_NOTICE) this.#say(this.#back);
    this.count = answered ? 0 : this.count + 1;
    if (this.count === MISSES_TO_NOTICE) this.#say(this.#away);
  }
}

async function endingThroughOutages(client: FerryClient, handle: WorkflowHandle, signal: AbortSignal): Promise<Ending> {
  for (;;) {
    try {
      return await abortable(client, signal, () => awaitEnding(handle));
    } catch (error) {
      if (signal.aborted || !isOutage(error)) throw error;
      await sleep(RECONNECT_EVERY_MS, undefined, { signal });
    }
  }
}

/** gRPC UNKNOWN, DEADLINE_EXCEEDED, ABORTED, INTERNAL, UNAVAILABLE: the server is away, not wrong. */
export function isOutage(error: unknown): boolean {
  const root = error instanceof ServiceError ? error.cause : error;
  return isGrpcServiceError(root) && [2, 4, 10, 13, 14].includes(root.code);
}
