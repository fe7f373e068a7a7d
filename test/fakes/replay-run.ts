import { Worker } from '@temporalio/worker';
import type { WorkflowHandle } from '@temporalio/client';
import { historyOf } from './golden.js';

interface Event {
  readonly eventType: string;
  readonly workflowTaskFailedEventAttributes?: { readonly cause: string };
  readonly workflowExecutionContinuedAsNewEventAttributes?: { readonly newExecutionRunId: string };
}

/** Replays one closed run with the workflows of the tests: throws where it does not fit. Returns the kinds of its events, of a failed task its cause, and the run after it. */
export async function replayRun(handle: WorkflowHandle): Promise<{ readonly kinds: readonly string[]; readonly next: string | null }> {
  const history = await historyOf(handle);
  await Worker.runReplayHistory({ workflowBundle: { codePath: process.env['FERRY_TEST_WORKFLOWS'] ?? '' } }, history, handle.workflowId);
  const { events } = history as { events: readonly Event[] };
  return {
    kinds: events.map(({ eventType, workflowTaskFailedEventAttributes: failed }) => failed?.cause ?? eventType),
    next: events.at(-1)?.workflowExecutionContinuedAsNewEventAttributes?.newExecutionRunId ?? null,
  };
}

/** What no history of a workflow may have in which much happens at once: local activities, and tasks that failed for another reason than that something came in between. */
export const unwelcome = (kinds: readonly string[]): string[] => kinds.filter((kind) => /MARKER|NON_DETERMINISTIC|UNHANDLED_FAILURE/.test(kind));
