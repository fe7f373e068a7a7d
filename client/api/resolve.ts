import { WorkflowNotFoundError, type WorkflowExecutionDescription, type WorkflowHandle } from '@temporalio/client';
import { migrationWorkflowId } from '../../domain/ids.js';
import type { FerryClient } from '../connection.js';
import { ClientError } from '../errors.js';
import { ATTRIBUTES } from '../../workflows/attributes.js';
import { MIGRATE_WORKFLOW, SETTLE_WORKFLOW } from './names.js';

export interface FoundRun {
  readonly handle: WorkflowHandle;
  readonly description: WorkflowExecutionDescription;
  readonly running: boolean;
}

/**
 * The newest migration of a guest (a running one before a closed one), or the newest run of a workflow id.
 * A migration started in the Temporal UI may have any id, so visibility is asked too. Throws `ClientError` `not-found`.
 */
export async function findMigration(client: FerryClient, vmidOrWorkflowId: string): Promise<FoundRun> {
  if (!/^\d+$/.test(vmidOrWorkflowId)) {
    const found = await describe(client, vmidOrWorkflowId);
    if (found !== null) return found;
    throw new ClientError('not-found', `there is no migration with the workflow id ${vmidOrWorkflowId}; \`ferry list --all\` shows those there are.`);
  }
  const vmid = Number(vmidOrWorkflowId);
  const found = [await describe(client, migrationWorkflowId(vmid)), await newestByGuest(client, vmid)].filter((run) => run !== null);
  const best = found.sort(newestFirst)[0];
  if (best === undefined) throw new ClientError('not-found', `there is no migration of guest ${vmid}; \`ferry list --all\` shows those there are.`);
  return best;
}

const newestFirst = (a: FoundRun, b: FoundRun): number =>
  Number(b.running) - Number(a.running) || b.description.startTime.getTime() - a.description.startTime.getTime();

async function describe(client: FerryClient, workflowId: string, runId?: string): Promise<FoundRun | null> {
  try {
    const description = await client.temporal.workflow.getHandle(workflowId, runId).describe();
    const handle = client.temporal.workflow.getHandle(workflowId, description.runId);
    return { handle, description, running: description.status.name === 'RUNNING' || description.status.name === 'PAUSED' };
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return null;
    throw error;
  }
}

async function newestByGuest(client: FerryClient, vmid: number): Promise<FoundRun | null> {
  const query = `WorkflowType IN ('${MIGRATE_WORKFLOW}', '${SETTLE_WORKFLOW}') AND ${ATTRIBUTES.guestId.name} = '${vmid}'`;
  try {
    for await (const info of client.temporal.workflow.list({ query, pageSize: 1 })) {
      return await describe(client, info.workflowId, info.runId);
    }
    return null;
  } catch {
    // The attribute is registered by the control worker's first start; until then the usual id is all there is.
    return null;
  }
}
