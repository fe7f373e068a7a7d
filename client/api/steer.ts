import { WorkflowUpdateFailedError } from '@temporalio/client';
import { messageOf } from '../../domain/errors.js';
import type { FerryClient } from '../connection.js';
import { ClientError } from '../errors.js';
import { SET_BANDWIDTH_UPDATE, SET_DOWNTIME_BUDGET_UPDATE } from './names.js';
import { findMigration } from './resolve.js';

export interface SteerWishes {
  /** Longest time the guest may stand still, ms. */
  readonly downtimeLimitMs?: number;
  /** 0: unlimited. */
  readonly bwlimitKiBps?: number;
}

/** Longer than the workflow needs to answer; a control worker that is away must not hang the command. */
const UPDATE_DEADLINE_MS = 10_000;

/** Changes a running migration from its next round on. Throws `ClientError` `usage` with the workflow's own words when it refuses. */
export async function steerMigration(client: FerryClient, vmidOrWorkflowId: string, wishes: SteerWishes): Promise<void> {
  const { handle, running } = await findMigration(client, vmidOrWorkflowId);
  if (!running) throw new ClientError('not-found', `steering failed: ${vmidOrWorkflowId}: no migration is running; see \`ferry show ${vmidOrWorkflowId}\`.`);
  const send = (name: string, argument: Readonly<Record<string, number>>): Promise<unknown> =>
    client.temporal.withDeadline(Date.now() + UPDATE_DEADLINE_MS, () => handle.executeUpdate(name, { args: [argument] }));
  try {
    if (wishes.downtimeLimitMs !== undefined) await send(SET_DOWNTIME_BUDGET_UPDATE, { downtimeMs: wishes.downtimeLimitMs });
    if (wishes.bwlimitKiBps !== undefined) await send(SET_BANDWIDTH_UPDATE, { bwlimitKiBps: wishes.bwlimitKiBps });
  } catch (error) {
    if (error instanceof WorkflowUpdateFailedError) throw new ClientError('usage', messageOf(error.cause ?? error), error);
    throw error;
  }
}
