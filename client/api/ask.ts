import { WorkflowFailedError } from '@temporalio/client';
import { MIGRATIONS_QUEUE } from '../../domain/ids.js';
import type { FerryClient } from '../connection.js';
import { ClientError } from '../errors.js';
import { explainFailure } from './outcome.js';

export interface Question {
  readonly workflow: string;
  readonly workflowId: string;
  readonly request: unknown;
  /** For the list in Temporal's UI. */
  readonly summary: string;
  /** Nodes that do not answer are named by the answer long before this. */
  readonly deadlineMs: number;
  /** What was done, and to what, when it fails: `checking failed: guest 101`. */
  readonly failed: string;
}

/** Runs a short workflow that touches nothing, and waits for what it says. Throws `ClientError` `usage` for bad input, `no-answer` when nobody says anything. */
export async function ask<T>(client: FerryClient, { workflow, workflowId, request, summary, deadlineMs, failed }: Question): Promise<T> {
  const handle = await client.temporal.workflow.start(workflow, {
    workflowId, taskQueue: MIGRATIONS_QUEUE, args: [request], workflowExecutionTimeout: deadlineMs, staticSummary: summary,
  });
  try {
    return (await handle.result()) as T;
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    const { code, sentence } = explainFailure(error.cause);
    if (code === 'InvalidInput') throw new ClientError('usage', sentence, error);
    const hint = code === 'Timeout' ? ' Is a control worker running (`ferry control`)?' : '';
    throw new ClientError('no-answer', `${failed}: ${sentence}.${hint}`, error);
  }
}
