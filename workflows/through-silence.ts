import { ActivityFailure, CancellationScope, TimeoutFailure, sleep, type ActivityOptions } from '@temporalio/workflow';
import type { NodeName } from '../domain/ids.js';
import { timings } from './timings.js';

/** Who is told that a node does not answer, and that this is over. */
export interface SilenceListener {
  fellSilent(node: NodeName, step: string, silence: { readonly cause: string; readonly sinceMs: number }): void;
  answers(node: NodeName, step: string): void;
}

/** As `retry` in the activity's options, for time-outs: Temporal would repeat those without a word. */
const MOST_TRIES: Readonly<Record<'step' | 'observer' | 'copy' | 'collect', number>> = { step: 5, observer: Infinity, copy: Infinity, collect: 4 };

/** Whether a step of this kind is asked again after a silence. */
export const isAudible = (kind: string): kind is keyof typeof MOST_TRIES => Object.hasOwn(MOST_TRIES, kind);

/** Makes the server hand a heartbeat time-out to the workflow instead of repeating the activity (server: `retrypolicy.TimeoutFailureTypePrefix`). */
export const HEARTBEAT_TIMEOUT = 'TemporalTimeout:Heartbeat';

/**
 * Calls a node's activity again after a silence, as long as it pays, and tells of each silence while it lasts:
 * - nobody took the task within `untakenNoticeMs`: told, and asked again for the rest of `scheduleToStartMs`; then the node is away;
 * - the agent stopped its heartbeats: told, and asked again; the next attempt adopts what is there.
 */
export async function throughSilence<T>(kind: keyof typeof MOST_TRIES, { node, step, listener }: { readonly node: NodeName; readonly step: string; readonly listener: SilenceListener },
  call: (options: ActivityOptions) => Promise<T>): Promise<T> {
  const { scheduleToStartMs, untakenNoticeMs, heartbeatMs, switchoverMs, observerRetryMs } = timings();
  const endsAtMs = Date.now() + switchoverMs;
  let waitMs = Math.min(untakenNoticeMs, scheduleToStartMs);
  let told = false;
  try {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await call({ scheduleToStartTimeout: waitMs, ...(kind === 'collect' ? { scheduleToCloseTimeout: Math.max(1, endsAtMs - Date.now()) } : {}) });
      } catch (error) {
        const silence = silenceOf(error);
        const isOver = attempt >= MOST_TRIES[kind] || (kind === 'collect' && Date.now() >= endsAtMs);
        if (silence === null || isOver || CancellationScope.current().consideredCancelled) throw error;
        if (silence === 'untaken' && (told || waitMs >= scheduleToStartMs)) throw error;
        listener.fellSilent(node, step, { cause: SENTENCES[silence], sinceMs: Date.now() - (silence === 'untaken' ? waitMs : heartbeatMs) });
        told = true;
        waitMs = silence === 'untaken' ? scheduleToStartMs - waitMs : scheduleToStartMs;
        if (silence === 'mute') await sleep(observerRetryMs, { summary: `ask ${node} again` });
      }
    }
  } finally {
    if (told) listener.answers(node, step);
  }
}

const SENTENCES = { untaken: 'nobody takes the task, the agent is away', mute: 'the agent fell silent' } as const;

function silenceOf(error: unknown): keyof typeof SENTENCES | null {
  const cause = error instanceof ActivityFailure ? error.cause : null;
  if (!(cause instanceof TimeoutFailure)) return null;
  return cause.timeoutType === 'SCHEDULE_TO_START' ? 'untaken' : cause.timeoutType === 'HEARTBEAT' ? 'mute' : null;
}
