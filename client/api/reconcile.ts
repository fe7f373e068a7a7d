import { WorkflowFailedError } from '@temporalio/client';
import { randomUUID } from 'node:crypto';
import type { ClusterReconciliation } from '../../domain/contracts/reconcile.js';
import { MIGRATIONS_QUEUE, reconcileWorkflowId } from '../../domain/ids.js';
import type { FerryClient } from '../connection.js';
import { ClientError } from '../errors.js';
import { RECONCILE_WORKFLOW } from './names.js';
import { awaitEnding, explainFailure, type Ending } from './outcome.js';

/** Nodes that do not answer are named long before this. */
const RECONCILE_DEADLINE_MS = 180_000;

export interface ReconcileWishes {
  /** Look only. */
  readonly dryRun: boolean;
  /** null: every member of the cluster. */
  readonly node: string | null;
}

/** One pass on every node. Throws `ClientError`: `usage` for a node that is no member, `no-answer` when nobody carries it out. */
export async function reconcile(client: FerryClient, { dryRun, node }: ReconcileWishes): Promise<ClusterReconciliation> {
  const handle = await client.temporal.workflow.start(RECONCILE_WORKFLOW, {
    workflowId: reconcileWorkflowId(randomUUID().slice(0, 8)),
    taskQueue: MIGRATIONS_QUEUE,
    args: [{ dryRun, ...(node === null ? {} : { nodes: [node] }) }],
    workflowExecutionTimeout: RECONCILE_DEADLINE_MS,
    staticSummary: `Reconcile ${node ?? 'every node'}${dryRun ? ', only looking' : ''}`,
  });
  try {
    return (await handle.result()) as ClusterReconciliation;
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    const { code, sentence } = explainFailure(error.cause);
    if (code === 'InvalidInput') throw new ClientError('usage', sentence, error);
    const hint = code === 'Timeout' ? ' Is a control worker running (`ferry control`)?' : '';
    throw new ClientError('no-answer', `reconciling failed: ${sentence}.${hint}`, error);
  }
}

export interface Settled {
  readonly workflowId: string;
  readonly ending: Ending;
}

/** Waits for settlements, however long they take. */
export const awaitSettled = (client: FerryClient, workflowIds: readonly string[]): Promise<readonly Settled[]> =>
  Promise.all(workflowIds.map(async (workflowId) => ({ workflowId, ending: await awaitEnding(client.temporal.workflow.getHandle(workflowId)) })));
