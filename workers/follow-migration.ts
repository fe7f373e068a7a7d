import { ApplicationFailure, CancelledFailure, WorkflowFailedError, WorkflowNotFoundError, WorkflowUpdateFailedError, type WorkflowClient } from '@temporalio/client';
import type { FollowActivities, FollowedEnd, StuckMigration } from '../domain/contracts/evacuation-activities.js';
import type { MigrationProgress } from '../domain/contracts/progress.js';
import { messageOf } from '../domain/errors.js';
import { migrationWorkflowId, type Vmid } from '../domain/ids.js';

/** Watches migrations by the server's word. `untilCancelled` rejects when the wait is called off: the migration goes on. */
export function createFollowActivities(client: Pick<WorkflowClient, 'getHandle'>, untilCancelled: () => Promise<never>): FollowActivities {
  return {
    followMigration: (input) => follow(client, untilCancelled, input),
    freeStuck: async ({ vmids, by }) => (await Promise.all(vmids.map((vmid) => free(client, vmid, by)))).filter((one) => one !== null),
  };
}

type Getter = Pick<WorkflowClient, 'getHandle'>;

async function follow(client: Getter, untilCancelled: () => Promise<never>, { vmid, runId }: Parameters<FollowActivities['followMigration']>[0]): Promise<FollowedEnd | null> {
  const handle = client.getHandle(migrationWorkflowId(vmid), runId);
  try {
    const report: unknown = await Promise.race([handle.result(), untilCancelled()]);
    return { report, code: 'Internal', sentence: 'it ended without a report' };
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return null;
    if (!(error instanceof WorkflowFailedError)) throw error;
    return endOf(error, async () => (await handle.describe()).memo?.['report'] ?? null);
  }
}

/** A cancelled run ends without its details: its report is in the memo. */
async function endOf({ cause }: WorkflowFailedError, memo: () => Promise<unknown>): Promise<FollowedEnd> {
  if (cause instanceof ApplicationFailure) return { report: cause.details?.[0] ?? null, code: cause.type ?? 'Internal', sentence: cause.message };
  if (cause instanceof CancelledFailure) return { report: await memo(), code: 'Cancelled', sentence: 'it was cancelled' };
  return { report: null, code: 'Internal', sentence: messageOf(cause) };
}

/** null: it does not wait for a person. */
async function free(client: Getter, vmid: Vmid, by: string): Promise<StuckMigration | null> {
  const handle = client.getHandle(migrationWorkflowId(vmid));
  try {
    const { phase, waitingFor } = await handle.query<MigrationProgress>('progress');
    if (phase !== 'needsOperator' || waitingFor === null) return null;
    return { vmid, sentence: `its migration waited for ${waitingFor}; ${await handle.executeUpdate<string, [{ by: string }]>('giveUp', { args: [{ by }] })}` };
  } catch (error) {
    return error instanceof WorkflowUpdateFailedError ? { vmid, sentence: `its migration waits for an operator: ${messageOf(error.cause ?? error)}` } : null;
  }
}
