import { setTimeout as sleep } from 'node:timers/promises';
import { WithStartWorkflowOperation, WorkflowNotFoundError, type WorkflowClient } from '@temporalio/client';
import { resourceWords } from '../domain/admission/words.js';
import type { SlotAnswer, SlotReleases, SlotRequest, SlotRequests, SlotResource } from '../domain/contracts/slots.js';
import { MIGRATIONS_QUEUE, slotLedgerWorkflowId } from '../domain/ids.js';
import { releaseSlot, requestSlot, takeSlots } from '../workflows/slots/messages.js';
import type { slotLedger } from '../workflows/slots/slot-ledger.js';

/** A ledger is quick or gone: what a killed worker had in hand is taken up again after this, not after the default of 10 s. */
const TASK_TIMEOUT_MS = 3000;
/** An answer is waited for so long; then the request is left in the ledger's history, and its answer comes by signal. */
const ANSWER_MS = 2000;

/**
 * Hands each request to its ledger, all at once; a ledger that is not open is started with it. Workflow code can't do that itself.
 * Brings the answers that come at once: that spares the ledger and the migration a signal, and up to three tasks. An Update that is
 * not answered leaves no trace, so the signal is then sent; asked twice with one number, a ledger gives once.
 */
export function createRequestSlots(client: WorkflowClient, answerMs = ANSWER_MS): (input: SlotRequests) => Promise<readonly SlotAnswer[]> {
  const askOne = async ({ resource, ...request }: SlotRequests['requests'][number]): Promise<SlotAnswer | null> => {
    const answer = await soon(client, answerMs, () => client.executeUpdateWithStart(takeSlots, {
      args: [request],
      startWorkflowOperation: new WithStartWorkflowOperation<typeof slotLedger>('slotLedger', { ...startOf(resource), workflowIdConflictPolicy: 'USE_EXISTING' }),
    }));
    if (answer === undefined) await client.signalWithStart<typeof slotLedger, [SlotRequest]>('slotLedger', { ...startOf(resource), signal: requestSlot, signalArgs: [request] });
    return answer ?? null;
  };
  return async ({ requests }) => (await Promise.all(requests.map(askOne))).filter((answer) => answer !== null);
}

export function createReleaseSlots(client: Pick<WorkflowClient, 'getHandle'>): (input: SlotReleases) => Promise<void> {
  return async ({ releases }) => {
    await Promise.all(releases.map(({ resource, ...release }) => client.getHandle(slotLedgerWorkflowId(resource)).signal(releaseSlot, release).catch((error: unknown) => {
      if (!(error instanceof WorkflowNotFoundError)) throw error;
    })));
  };
}

const startOf = (resource: SlotResource): { workflowId: string; taskQueue: string; args: [{ resource: string }]; staticSummary: string; workflowTaskTimeout: number } => ({
  workflowId: slotLedgerWorkflowId(resource),
  taskQueue: MIGRATIONS_QUEUE,
  args: [{ resource }],
  staticSummary: `Slots of ${resourceWords(resource)}`,
  workflowTaskTimeout: TASK_TIMEOUT_MS,
});

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
