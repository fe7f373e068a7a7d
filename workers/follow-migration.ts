import { ApplicationFailure, CancelledFailure, WorkflowFailedError, WorkflowNotFoundError, type WorkflowClient } from '@temporalio/client';
import type { FollowActivities, FollowedEnd } from '../domain/contracts/evacuation-activities.js';
import { messageOf } from '../domain/errors.js';
import { migrationWorkflowId } from '../domain/ids.js';

/** Waits at the server for the end of a guest's migration. `untilCancelled` rejects when the wait is called off: the migration goes on. */
export function createFollowMigration(client: Pick<WorkflowClient, 'getHandle'>, untilCancelled: () => Promise<never>): FollowActivities['followMigration'] {
  return async ({ vmid, runId }) => {
    const handle = client.getHandle(migrationWorkflowId(vmid), runId);
    try {
      const report: unknown = await Promise.race([handle.result(), untilCancelled()]);
      return { report, code: 'Internal', sentence: 'it ended without a report' };
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return null;
      if (!(error instanceof WorkflowFailedError)) throw error;
      return endOf(error, async () => (await handle.describe()).memo?.['report'] ?? null);
    }
  };
}

/** A cancelled run ends without its details: its report is in the memo. */
async function endOf({ cause }: WorkflowFailedError, memo: () => Promise<unknown>): Promise<FollowedEnd> {
  if (cause instanceof ApplicationFailure) return { report: cause.details?.[0] ?? null, code: cause.type ?? 'Internal', sentence: cause.message };
  if (cause instanceof CancelledFailure) return { report: await memo(), code: 'Cancelled', sentence: 'it was cancelled' };
  return { report: null, code: 'Internal', sentence: messageOf(cause) };
}
