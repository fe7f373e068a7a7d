import type { FerryClient } from '../connection.js';
import { workflowUrl } from '../connection.js';
import type { ProgressView } from '../view.js';
import { awaitEnding, type Ending } from './outcome.js';
import { findMigration } from './resolve.js';
import { viewOf } from './look.js';

export interface ShownMigration {
  readonly workflowId: string;
  readonly runId: string;
  readonly startedAt: string;
  readonly url: string;
  /** Where it stands; null once it has ended. */
  readonly view: ProgressView | null;
  /** How it ended; null while it runs. */
  readonly ending: Ending | null;
}

/** The newest migration of a guest, or the newest run of a workflow id: its progress, or its report. */
export async function showMigration(client: FerryClient, vmidOrWorkflowId: string): Promise<ShownMigration> {
  const { handle, description, running } = await findMigration(client, vmidOrWorkflowId);
  return {
    workflowId: description.workflowId,
    runId: description.runId,
    startedAt: description.startTime.toISOString(),
    url: workflowUrl(client, description.workflowId, description.runId),
    view: running ? await viewOf(client, handle) : null,
    ending: running ? null : await awaitEnding(handle),
  };
}
