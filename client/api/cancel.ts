import { WorkflowNotFoundError } from '@temporalio/client';
import type { FerryClient } from '../connection.js';
import { ClientError } from '../errors.js';
import { findMigration } from './resolve.js';

/**
 * Asks for the rollback of the guest's running migration. Returns when Temporal has noted it, not when it is done.
 * After the commit there is nothing to go back to: the migration then ends as `migrated`.
 */
export async function cancelMigration(client: FerryClient, vmidOrWorkflowId: string): Promise<{ readonly workflowId: string; readonly runId: string }> {
  const { handle, description, running } = await findMigration(client, vmidOrWorkflowId);
  if (!running) throw ended(vmidOrWorkflowId, description.closeTime);
  try {
    await handle.cancel();
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) throw ended(vmidOrWorkflowId, undefined);
    throw error;
  }
  return { workflowId: description.workflowId, runId: description.runId };
}

function ended(what: string, at: Date | undefined): ClientError {
  const when = at === undefined ? '' : ` at ${at.toISOString()}`;
  return new ClientError('not-found', `cancelling failed: ${what}: its newest migration has ended already${when}; see \`ferry show ${what}\`.`);
}
