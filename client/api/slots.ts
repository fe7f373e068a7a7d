import { WithStartWorkflowOperation, WorkflowNotFoundError, WorkflowUpdateFailedError, ApplicationFailure } from '@temporalio/client';
import { limitsOfWishes, type SlotWishes } from '../../domain/admission/limits.js';
import { linkResource, resourceWords } from '../../domain/admission/words.js';
import type { LedgerView, LimitChange } from '../../domain/contracts/slots.js';
import { messageOf } from '../../domain/errors.js';
import { MIGRATIONS_QUEUE, slotLedgerWorkflowId } from '../../domain/ids.js';
import type { FerryClient } from '../connection.js';
import { ClientError } from '../errors.js';
import { SET_LIMITS_UPDATE, SLOT_LEDGER_WORKFLOW, SLOTS_QUERY } from './names.js';

const DEADLINE_MS = 20_000;

/** The ledgers that are open, by name: somebody holds or waits, or did a moment ago, or an operator has set a limit. */
export async function listSlots(client: FerryClient): Promise<readonly LedgerView[]> {
  const ids: string[] = [];
  for await (const { workflowId } of client.temporal.workflow.list({ query: `WorkflowType = '${SLOT_LEDGER_WORKFLOW}' AND ExecutionStatus = 'Running'` })) ids.push(workflowId);
  const views = await Promise.all(ids.map((workflowId) => look(client, workflowId)));
  return views.filter((view) => view !== null).sort((a, b) => (a.resource < b.resource ? -1 : 1));
}

/** One ledger; null: it is not open, so nobody holds or waits, and the configuration counts. */
export const showSlots = (client: FerryClient, where: SlotPlace): Promise<LedgerView | null> => look(client, slotLedgerWorkflowId(resourceOf(where)));

export interface SlotPlace {
  /** Node or link. */
  readonly name: string;
  readonly link: boolean;
}

/** Changes limits at once; opens the ledger if need be, and keeps it open for as long as they stand. `by`: for the record. */
export async function setSlots(client: FerryClient, where: SlotPlace, wishes: SlotWishes, by: string): Promise<LedgerView> {
  const resource = resourceOf(where);
  const change: LimitChange = { limits: limitsOfWishes(wishes, where.link), by };
  if (Object.keys(change.limits).length === 0) throw new ClientError('usage', `setting slots failed: ${where.name}: a link has transfers only, say --transfer <n>.`);
  const start = new WithStartWorkflowOperation<OpenLedger>(SLOT_LEDGER_WORKFLOW, {
    workflowId: slotLedgerWorkflowId(resource), taskQueue: MIGRATIONS_QUEUE, args: [{ resource }], workflowIdConflictPolicy: 'USE_EXISTING',
    staticSummary: `Slots of ${resourceWords(resource)}`,
  });
  try {
    return await client.temporal.withDeadline(Date.now() + DEADLINE_MS, () =>
      client.temporal.workflow.executeUpdateWithStart<OpenLedger, LedgerView, [LimitChange]>(SET_LIMITS_UPDATE, { args: [change], startWorkflowOperation: start }));
  } catch (error) {
    if (!(error instanceof WorkflowUpdateFailedError)) throw error;
    const isUsage = error.cause instanceof ApplicationFailure && error.cause.type === 'InvalidInput';
    throw new ClientError(isUsage ? 'usage' : 'refused', messageOf(error.cause ?? error), error);
  }
}

type OpenLedger = (input: { readonly resource: string }) => Promise<void>;

const resourceOf = ({ name, link }: SlotPlace): string => (link ? linkResource(name) : name);

/** null: there is no such workflow, or it ended. */
async function look(client: FerryClient, workflowId: string): Promise<LedgerView | null> {
  const handle = client.temporal.workflow.getHandle(workflowId);
  try {
    const { status } = await handle.describe();
    if (status.name !== 'RUNNING' && status.name !== 'PAUSED') return null;
    return await client.temporal.withDeadline(Date.now() + DEADLINE_MS, () => handle.query<LedgerView>(SLOTS_QUERY));
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return null;
    throw error;
  }
}
