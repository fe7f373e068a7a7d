import type { WorkflowClient, WorkflowHandle } from '@temporalio/client';

export interface Sizes {
  readonly runs: number;
  readonly events: readonly number[];
  readonly bytes: number;
}

/** History of every run of a workflow id, oldest first. */
export async function historiesOf(client: WorkflowClient, workflowId: string, firstRunId: string): Promise<Sizes> {
  const events: number[] = [];
  let bytes = 0;
  for (let runId: string | null | undefined = firstRunId; runId;) {
    const handle: WorkflowHandle = client.getHandle(workflowId, runId);
    const all = (await handle.fetchHistory()).events;
    events.push(all?.length ?? 0);
    bytes += Number((await handle.describe()).historySize ?? 0);
    runId = all?.at(-1)?.workflowExecutionContinuedAsNewEventAttributes?.newExecutionRunId;
  }
  return { runs: events.length, events, bytes };
}

/** All runs of a workflow that may be open still. */
export async function eventsOf(client: WorkflowClient, workflowId: string): Promise<number> {
  let events = 0;
  for await (const { runId } of client.list({ query: `WorkflowId = '${workflowId}'` })) events += (await client.getHandle(workflowId, runId).describe()).historyLength;
  return events;
}

export const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0);
