import type { WorkflowClient } from '@temporalio/client';
import { isGrpcServiceError } from '@temporalio/client';
import type { EpochRef } from '../domain/ids.js';
import type { RunState } from '../domain/contracts/run-state.js';
import { cleanUpWorkflowId, type Epoch } from '../domain/ids.js';

/** `temporal.api.enums.v1.WorkflowExecutionStatus`: RUNNING, PAUSED. */
const OPEN: readonly unknown[] = [1, 8];
/** gRPC: NOT_FOUND. */
const NOT_FOUND = 5;

export type ReadRun = (migration: EpochRef & { readonly workflowId: string }) => Promise<RunState>;

/**
 * Whether anybody is still at work on a migration: its own workflow, or the one that waits for the nodes it had to leave behind.
 * A server that does not answer is `unknown`, never `closed`.
 */
export function createReadRun(client: Pick<WorkflowClient, 'workflowService' | 'options'>): ReadRun {
  return async ({ vmid, epoch, workflowId }) => {
    const [own, cleanUp] = await Promise.all([describeRun(client, workflowId, epoch), describeRun(client, cleanUpWorkflowId(vmid, epoch), null)]);
    for (const state of ['open', 'unknown'] as const) if (own === state || cleanUp === state) return state;
    return own;
  };
}

/**
 * Only one run of a workflow id can be open: it counts when it belongs to the epoch's chain, whose first run is the epoch also
 * after a reset. `epoch`: null for a workflow whose id says it all.
 */
export async function describeRun({ workflowService, options: { namespace } }: Pick<WorkflowClient, 'workflowService' | 'options'>, workflowId: string, epoch: Epoch | null): Promise<RunState> {
  try {
    const { workflowExecutionInfo: info } = await workflowService.describeWorkflowExecution({ namespace, execution: { workflowId } });
    const isOurs = epoch === null || info?.firstRunId === epoch || info?.execution?.runId === epoch;
    return OPEN.includes(info?.status ?? 0) && isOurs ? 'open' : 'closed';
  } catch (error) {
    return isGrpcServiceError(error) && Number(error.code) === NOT_FOUND ? 'gone' : 'unknown';
  }
}
