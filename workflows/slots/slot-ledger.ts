/**
 * Hands out the slots of one node, or of one declared link; id `slots-<resource>`. Whoever asks first starts it:
 *
 * - a request, a release or a new limit is decided at once; what follows from it is told to the migrations by signal
 * - who can't be told, or is found to have ended without a word, gives its slots back
 * - it continues as new before its history grows, and ends a while after the last slot came back; limits set by an operator keep it open
 */
import { allHandlersFinished, condition, continueAsNew, setCurrentDetails, workflowInfo } from '@temporalio/workflow';
import { LedgerDesk } from '../../domain/admission/desk.js';
import { renderLedgerDetails } from '../../domain/admission/details.js';
import { newLedger, type Ledger } from '../../domain/admission/ledger.js';
import { timings } from '../timings.js';
import { installLedgerHandlers } from './ledger-handlers.js';
import { freeClosed } from './free-closed.js';
import { Teller } from './teller.js';

export interface LedgerStart {
  readonly resource: string;
  /** As it was when the workflow continued as new. */
  readonly ledger?: Ledger;
}

export async function slotLedger({ resource, ledger }: LedgerStart): Promise<void> {
  const desk = new LedgerDesk(ledger ?? newLedger(resource));
  const teller = new Teller(desk);
  let changes = 0;
  let checkedAtMs = Date.now();
  const changed = (): void => {
    changes += 1;
    teller.tell();
    setCurrentDetails(renderLedgerDetails(desk.view));
  };
  installLedgerHandlers(desk, changed);
  for (;;) {
    const seen = changes;
    if (hasGrown()) {
      await condition(() => teller.isIdle && allHandlersFinished());
      await continueAsNew<typeof slotLedger>({ resource, ledger: desk.ledger });
    }
    const waitMs = desk.isForgettable ? timings().ledgerLingerMs : nextCheckMs(desk, checkedAtMs);
    if (waitMs === null) await condition(() => changes !== seen);
    else if (waitMs > 0 && (await condition(() => changes !== seen, waitMs, { summary: desk.isForgettable ? 'end unless somebody asks' : 'look for holders that have ended' }))) continue;
    else if (desk.isForgettable && teller.isIdle && allHandlersFinished()) return;
    else if (!desk.isForgettable) {
      checkedAtMs = Date.now();
      if (await freeClosed(desk)) changed();
    }
  }
}

/** null: there is nobody to look for. */
function nextCheckMs({ holders, waiters }: LedgerDesk, checkedAtMs: number): number | null {
  if (holders.length + waiters.length === 0) return null;
  const { ledgerCheckMs, ledgerIdleCheckMs } = timings();
  return Math.max(0, checkedAtMs + (waiters.length > 0 ? ledgerCheckMs : ledgerIdleCheckMs) - Date.now());
}

const hasGrown = (): boolean => {
  const { continueAsNewSuggested, historyLength } = workflowInfo();
  return continueAsNewSuggested || historyLength > timings().ledgerHistoryEvents;
};
