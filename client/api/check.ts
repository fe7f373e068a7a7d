import { WorkflowFailedError } from '@temporalio/client';
import { randomUUID } from 'node:crypto';
import type { Verdict } from '../../domain/contracts/plan.js';
import type { MigrateRequest } from '../../domain/contracts/request.js';
import { checkWorkflowId, MIGRATIONS_QUEUE } from '../../domain/ids.js';
import type { FerryClient } from '../connection.js';
import { ClientError } from '../errors.js';
import { CHECK_WORKFLOW } from './names.js';
import { explainFailure } from './outcome.js';
import { guestIn } from './guest-word.js';

/** Nodes that do not answer are named by the verdict long before this. */
const CHECK_DEADLINE_MS = 120_000;

/** All refusals and warnings for this request; touches nothing. Throws `ClientError` `no-answer` when nobody judges it. */
export async function checkMigration(client: FerryClient, request: MigrateRequest): Promise<Verdict> {
  const workflowId = checkWorkflowId(request.vmid, randomUUID().slice(0, 8));
  const handle = await client.temporal.workflow.start(CHECK_WORKFLOW, {
    workflowId,
    taskQueue: MIGRATIONS_QUEUE,
    args: [request],
    workflowExecutionTimeout: CHECK_DEADLINE_MS,
    staticSummary: `Check ${guestIn(request)} → ${request.target}, by ${request.requestedBy}`,
  });
  try {
    return (await handle.result()) as Verdict;
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    const { code, sentence } = explainFailure(error.cause);
    if (code === 'InvalidInput') throw new ClientError('usage', sentence, error);
    const hint = code === 'Timeout' ? ' Is a control worker running (`ferry control`)?' : '';
    throw new ClientError('no-answer', `checking failed: guest ${request.vmid}: ${sentence}.${hint}`, error);
  }
}
