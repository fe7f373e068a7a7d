import { WithStartWorkflowOperation, WorkflowNotFoundError, WorkflowUpdateFailedError, ApplicationFailure } from '@temporalio/client';
import { limitsOfWishes, type SlotWishes } from '../../domain/admission/limits.js';
import { linkResource } from '../../domain/admission/words.js';
import type { Addressed, LedgerView, LimitChange } from '../../domain/contracts/slots.js';
import { messageOf } from '../../domain/errors.js';
import { MIGRATIONS_QUEUE, SLOT_LEDGERS_ID } from '../../domain/ids.js';
import type { FerryClient } from '../connection.js';
import { ClientError } from '../errors.js';
import { askLedgers } from './ask-ledgers.js';
import { SET_LIMITS_UPDATE, SLOT_LEDGERS_WORKFLOW, SLOTS_QUERY } from './names.js';

const DEADLINE_MS = 20_000;

/** The ledgers that are open, by name: somebody holds or waits, or did a moment ago, or an operator has set a limit. */
export async function listSlots(client: FerryClient): Promise<readonly LedgerView[]> {
  const handle = client.temporal.workflow.getHandle(SLOT_LEDGERS_ID);
  try {
    const { status } = await handle.describe();
    if (status.name !== 'RUNNING' && status.name !== 'PAUSED') return [];
    return await client.temporal.withDeadline(Date.now() + DEADLINE_MS, () => askLedgers(() => handle.query<readonly LedgerView[]>(SLOTS_QUERY)));
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return [];
    throw error;
  }
}

/** One ledger; null: it is not open, so nobody holds or waits, and the configuration counts. */
export async function showSlots(client: FerryClient, where: SlotPlace): Promise<LedgerView | null> {
  const views = await listSlots(client);
  return views.find(({ resource }) => resource === resourceOf(where)) ?? null;
}

export interface SlotPlace {
  /** Node or link. */
  readonly name: string;
  readonly link: boolean;
}

/** Changes limits at once; opens the ledger if need be, and keeps it open for as long as they stand. `by`: for the record. */
export async function setSlots(client: FerryClient, where: SlotPlace, wishes: SlotWishes, by: string): Promise<LedgerView> {
  const change: Addressed<LimitChange> = { resource: resourceOf(where), limits: limitsOfWishes(wishes, where.link), by };
  if (Object.keys(change.limits).length === 0) throw new ClientError('usage', `setting slots failed: ${where.name}: a link has transfers only, say --transfer <n>.`);
  // An operation is for one try.
  const startWorkflowOperation = (): WithStartWorkflowOperation<OpenLedgers> => new WithStartWorkflowOperation<OpenLedgers>(SLOT_LEDGERS_WORKFLOW, {
    workflowId: SLOT_LEDGERS_ID, taskQueue: MIGRATIONS_QUEUE, args: [{}], workflowIdConflictPolicy: 'USE_EXISTING',
    staticSummary: 'Slots of all nodes and links',
  });
  try {
    return await client.temporal.withDeadline(Date.now() + DEADLINE_MS, () => askLedgers(() =>
      client.temporal.workflow.executeUpdateWithStart<OpenLedgers, LedgerView, [Addressed<LimitChange>]>(SET_LIMITS_UPDATE, { args: [change], startWorkflowOperation: startWorkflowOperation() })));
  } catch (error) {
    if (!(error instanceof WorkflowUpdateFailedError)) throw error;
    const isUsage = error.cause instanceof ApplicationFailure && error.cause.type === 'InvalidInput';
    throw new ClientError(isUsage ? 'usage' : 'refused', messageOf(error.cause ?? error), error);
  }
}

type OpenLedgers = (input: Record<string, never>) => Promise<void>;

const resourceOf = ({ name, link }: SlotPlace): string => (link ? linkResource(name) : name);
