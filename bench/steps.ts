import Table from 'cli-table3';
import type { FerryClient } from '../client/index.js';

/** One activity of a run, ms from the run's start. */
export interface Step {
  readonly name: string;
  readonly scheduledMs: number;
  readonly startedMs: number;
  readonly endedMs: number;
}

/** Reads from a closed run's history when each activity was asked for, begun and done. */
export async function stepsOf(client: FerryClient, workflowId: string, runId: string): Promise<readonly Step[]> {
  const { events } = await client.temporal.workflow.getHandle(workflowId, runId).fetchHistory();
  const at = (event: { eventTime?: { seconds?: unknown; nanos?: number | null } | null } | undefined): number =>
    Number(event?.eventTime?.seconds ?? 0) * 1000 + (event?.eventTime?.nanos ?? 0) / 1e6;
  const all = events ?? [];
  const begunMs = at(all[0]);
  return all.flatMap((event) => {
    const { activityTaskScheduledEventAttributes: scheduled } = event;
    if (!scheduled) return [];
    const started = all.find((e) => String(e.activityTaskStartedEventAttributes?.scheduledEventId) === String(event.eventId));
    const ended = all.find((e) => [e.activityTaskCompletedEventAttributes, e.activityTaskFailedEventAttributes, e.activityTaskCanceledEventAttributes]
      .some((attributes) => attributes && String(attributes.scheduledEventId) === String(event.eventId)));
    return [{ name: scheduled.activityType?.name ?? '', scheduledMs: at(event) - begunMs, startedMs: at(started) - begunMs, endedMs: at(ended) - begunMs }];
  });
}

/** Medians by activity: when it was asked for, how long it waited for its worker, how long it took. */
export function renderSteps(runs: readonly (readonly Step[])[]): string {
  const table = new Table({ head: ['step', 'runs', 'asked for at ms', 'waited ms', 'took ms', 'done at ms'], style: { head: [], border: [] } });
  const names = [...new Set(runs.flatMap((steps) => steps.map((step) => step.name)))];
  for (const name of names) {
    const seen = runs.flatMap((steps) => steps.filter((step) => step.name === name));
    const show = (figure: (step: Step) => number): string => median(seen.map(figure)).toFixed(0);
    table.push([name, String(seen.length), show((s) => s.scheduledMs), show((s) => s.startedMs - s.scheduledMs), show((s) => s.endedMs - s.startedMs), show((s) => s.endedMs)]);
  }
  return table.toString();
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] ?? 0 : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}
