import type { WorkflowClient } from '@temporalio/client';
import { resourceWords } from '../domain/admission/words.js';
import type { SlotRequest, SlotRequests } from '../domain/contracts/slots.js';
import { MIGRATIONS_QUEUE, slotLedgerWorkflowId } from '../domain/ids.js';
import { requestSlot } from '../workflows/slots/messages.js';
import type { slotLedger } from '../workflows/slots/slot-ledger.js';

/** A ledger is quick or gone: what a killed worker had in hand is taken up again after this, not after the default of 10 s. */
const TASK_TIMEOUT_MS = 3000;

/** Hands each request to its ledger, all at once; a ledger that is not open is started with it. Workflow code can't do that itself. */
export function createRequestSlots(client: Pick<WorkflowClient, 'signalWithStart'>): (input: SlotRequests) => Promise<void> {
  return async ({ requests }) => {
    await Promise.all(requests.map(({ resource, ...request }) => client.signalWithStart<typeof slotLedger, [SlotRequest]>('slotLedger', {
      workflowId: slotLedgerWorkflowId(resource),
      taskQueue: MIGRATIONS_QUEUE,
      args: [{ resource }],
      signal: requestSlot,
      signalArgs: [request],
      staticSummary: `Slots of ${resourceWords(resource)}`,
      workflowTaskTimeout: TASK_TIMEOUT_MS,
    })));
  };
}
