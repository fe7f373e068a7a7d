import { ApplicationFailure, WorkflowNotFoundError, WorkflowUpdateFailedError } from '@temporalio/client';
import { messageOf } from '../../../domain/errors.js';
import { evacuationWorkflowId, returnWorkflowId } from '../../../domain/ids.js';
import type { FerryClient } from '../../connection.js';
import { ClientError } from '../../errors.js';
import { ATTRIBUTES } from '../../../workflows/attributes.js';
import { EVACUATE_WORKFLOW, RETURN_WORKFLOW } from '../names.js';

const UPDATE_DEADLINE_MS = 15_000;

/** The workflow that empties this node, or brings its guests home, now or last; whatever started it. Throws `ClientError` `not-found`. */
export async function findEvacuation(client: FerryClient, node: string): Promise<{ readonly workflowId: string; readonly running: boolean }> {
  const found: { workflowId: string; running: boolean; startMs: number }[] = [];
  const query = `WorkflowType IN ('${EVACUATE_WORKFLOW}', '${RETURN_WORKFLOW}') AND ${ATTRIBUTES.nodeName.name} = '${node}'`;
  // A Schedule appends its time to the id, so visibility is asked too; it lags a little, and an attribute may be missing yet.
  for (const workflowId of [evacuationWorkflowId(node), returnWorkflowId(node), ...(await listed(client, query))]) {
    try {
      const { status, startTime } = await client.temporal.workflow.getHandle(workflowId).describe();
      found.push({ workflowId, running: status.name === 'RUNNING', startMs: startTime.getTime() });
    } catch (error) {
      if (!(error instanceof WorkflowNotFoundError)) throw error;
    }
  }
  const [best] = found.sort((a, b) => Number(b.running) - Number(a.running) || b.startMs - a.startMs);
  if (best === undefined) throw new ClientError('not-found', `there is no evacuation of ${node}.`);
  return best;
}

/** Resolves to what the workflow says it does now. Throws `ClientError` `refused` with its own words. */
export async function tellEvacuation(client: FerryClient, node: string, update: string, input: object): Promise<string> {
  const { workflowId, running } = await findEvacuation(client, node);
  if (!running) throw new ClientError('not-found', `no evacuation of ${node} is running; see \`ferry evacuation show ${node}\`.`);
  return tellRun(client, workflowId, update, input);
}

export async function tellRun(client: FerryClient, workflowId: string, update: string, input: object): Promise<string> {
  try {
    const handle = client.temporal.workflow.getHandle(workflowId);
    return await client.temporal.withDeadline(Date.now() + UPDATE_DEADLINE_MS, () => handle.executeUpdate<string, [object]>(update, { args: [input] }));
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) throw new ClientError('not-found', `${workflowId} is not running.`, error);
    if (!(error instanceof WorkflowUpdateFailedError)) throw error;
    const isUsage = error.cause instanceof ApplicationFailure && error.cause.type === 'InvalidInput';
    throw new ClientError(isUsage ? 'usage' : 'refused', messageOf(error.cause ?? error), error);
  }
}

async function listed(client: FerryClient, query: string): Promise<readonly string[]> {
  const ids: string[] = [];
  try {
    for await (const { workflowId } of client.temporal.workflow.list({ query, pageSize: 5 })) {
      ids.push(workflowId);
      if (ids.length >= 5) break;
    }
  } catch {
    // The attribute is registered by the control worker's first start.
  }
  return [...new Set(ids)];
}
