import type { WorkflowHandle } from '@temporalio/client';
import type { Bench } from './bench.js';

/** As `temporal workflow reset --type FirstWorkflowTask` or `LastWorkflowTask`. */
export async function resetTo(task: 'first' | 'last', { env }: Bench, handle: WorkflowHandle): Promise<WorkflowHandle> {
  const { workflowId, runId } = await handle.describe();
  const { events } = await handle.fetchHistory();
  const done = events?.filter((event) => event.workflowTaskCompletedEventAttributes).map(({ eventId }) => eventId) ?? [];
  const { runId: newRunId } = await env.client.workflowService.resetWorkflowExecution({
    namespace: 'default', workflowExecution: { workflowId, runId }, workflowTaskFinishEventId: done.at(task === 'first' ? 0 : -1) ?? null, reason: 'test', requestId: runId,
  });
  return env.client.workflow.getHandle(workflowId, newRunId);
}
