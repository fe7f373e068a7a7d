import { ApplicationFailure, WorkflowUpdateFailedError } from '@temporalio/client';
import { messageOf } from '../../domain/errors.js';
import type { FerryClient } from '../connection.js';
import { ClientError } from '../errors.js';
import { CONFIRM_FENCED_UPDATE, GIVE_UP_UPDATE, RETRY_NOW_UPDATE } from './names.js';
import { findMigration } from './resolve.js';

/** What an operator says to a migration that can't go on by itself. `by`: who, for the record. */
export type OperatorsWord = { readonly by?: string } & (
  /** This node is switched off or has been rebooted; it stands for the HANDOVER of its guest. */
  | { readonly say: 'confirm-fenced'; readonly node: string }
  /** Try again at once. */
  | { readonly say: 'retry-now' }
  /** Before the commit: end it in favour of the source, and leave what can't be reached. */
  | { readonly say: 'give-up' }
);

const UPDATES: Readonly<Record<OperatorsWord['say'], string>> = {
  'confirm-fenced': CONFIRM_FENCED_UPDATE, 'retry-now': RETRY_NOW_UPDATE, 'give-up': GIVE_UP_UPDATE,
};

/** A silent node is asked on every way before its fencing is believed, and each takes its time to be silent. */
const UPDATE_DEADLINE_MS = 120_000;

/** Resolves to what the workflow made of it. Throws `ClientError`: `refused` with the workflow's own words, `not-found` when nothing runs. */
export async function tellMigration(client: FerryClient, vmidOrWorkflowId: string, { say, ...word }: OperatorsWord): Promise<string> {
  const { handle, running } = await findMigration(client, vmidOrWorkflowId);
  if (!running) throw new ClientError('not-found', `resolving failed: ${vmidOrWorkflowId}: no migration is running; see \`ferry show ${vmidOrWorkflowId}\`.`);
  try {
    return await client.temporal.withDeadline(Date.now() + UPDATE_DEADLINE_MS, () => handle.executeUpdate<string, [object]>(UPDATES[say], { args: [word] }));
  } catch (error) {
    if (!(error instanceof WorkflowUpdateFailedError)) throw error;
    const isUsage = error.cause instanceof ApplicationFailure && error.cause.type === 'InvalidInput';
    throw new ClientError(isUsage ? 'usage' : 'refused', messageOf(error.cause ?? error), error);
  }
}
