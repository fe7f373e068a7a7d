import { setTimeout as sleep } from 'node:timers/promises';
import { WithStartWorkflowOperation, WorkflowNotFoundError, type WorkflowClient } from '@temporalio/client';
import type { SlotAnswer, SlotReleases, SlotRequests } from '../domain/contracts/slots.js';
import { MIGRATIONS_QUEUE, SLOT_LEDGERS_ID } from '../domain/ids.js';
import { releaseSlots, requestSlots, takeSlots } from '../workflows/slots/messages.js';
import type { slotLedgers } from '../workflows/slots/slot-ledgers.js';

/** The ledgers are quick or gone: what a killed worker had in hand is taken up again after this, not after the default of 10 s. */
const TASK_TIMEOUT_MS = 3000;
/** An answer is waited for so long; then the request is left in the ledgers' history, and its answers come by signal. */
const ANSWER_MS = 2000;

/**
 * Hands the requests to the ledgers, all in one message; the workflow that keeps them is started with it. Workflow code can't do that itself.
 * Brings the answers that come at once: that spares the ledgers and the migration a signal, and up to three tasks. An Update that is
 * not answered leaves no trace, so the signal is then sent; asked twice with one number, a ledger gives once.
 */
export function createRequestSlots(client: WorkflowClient, answerMs = ANSWER_MS): (input: SlotRequests) => Promise<readonly SlotAnswer[]> {
  return async ({ requests }) => {
    const answers = await soon(client, answerMs, () => client.executeUpdateWithStart(takeSlots, {
      args: [requests],
      startWorkflowOperation: new WithStartWorkflowOperation<typeof slotLedgers>('slotLedgers', { ...START, workflowIdConflictPolicy: 'USE_EXISTING' }),
    }));
    if (answers === undefined) await client.signalWithStart<typeof slotLedgers, [SlotRequests['requests']]>('slotLedgers', { ...START, signal: requestSlots, signalArgs: [requests] });
    return answers ?? [];
  };
}

export function createReleaseSlots(client: Pick<WorkflowClient, 'getHandle'>): (input: SlotReleases) => Promise<void> {
  return async ({ releases }) => {
    await client.getHandle(SLOT_LEDGERS_ID).signal(releaseSlots, releases).catch((error: unknown) => {
      if (!(error instanceof WorkflowNotFoundError)) throw error;
    });
  };
}

const START: { workflowId: string; taskQueue: string; args: [Record<string, never>]; staticSummary: string; workflowTaskTimeout: number } = {
  workflowId: SLOT_LEDGERS_ID,
  taskQueue: MIGRATIONS_QUEUE,
  args: [{}],
  staticSummary: 'Slots of all nodes and links',
  workflowTaskTimeout: TASK_TIMEOUT_MS,
};

/** undefined: it failed, or did not come in time and is not waited for any more. */
async function soon<T>(client: WorkflowClient, withinMs: number, ask: () => Promise<T>): Promise<T | undefined> {
  const [late, waiting] = [new AbortController(), new AbortController()];
  const answer = client.withAbortSignal(late.signal, ask).catch(() => undefined);
  try {
    return await Promise.race([answer, sleep(withinMs, undefined, { signal: waiting.signal }).catch(() => undefined)]);
  } finally {
    waiting.abort();
    late.abort();
  }
}
