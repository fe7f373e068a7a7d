/**
 * Hands out the slots of all nodes and declared links; id `slots`. Whoever asks first starts it:
 *
 * - a request, a release or a new limit is decided at once; what follows from it is told to the migrations by signal
 * - who can't be told, or is found to have ended without a word, gives its slots back
 * - it continues as new before its history grows, and ends a while after the last slot came back; limits set by an operator keep it open
 */
import { allHandlersFinished, condition, continueAsNew, setCurrentDetails, workflowInfo } from '@temporalio/workflow';
import { LedgerBook } from '../../domain/admission/book.js';
import { renderLedgerDetails } from '../../domain/admission/details.js';
import type { Ledger } from '../../domain/admission/ledger.js';
import { timings } from '../timings.js';
import { installLedgerHandlers } from './ledger-handlers.js';
import { freeClosed } from './free-closed.js';
import { Teller } from './teller.js';

export interface LedgersStart {
  /** As they were when the workflow continued as new. */
  readonly ledgers?: readonly Ledger[];
}

export async function slotLedgers({ ledgers = [] }: LedgersStart = {}): Promise<void> {
  const book = new LedgerBook(ledgers, Date.now());
  const teller = new Teller(book);
  let changes = 0;
  let checks = 0;
  let checkedAtMs = Date.now();
  const changed = (): void => {
    changes += 1;
    teller.tell();
    setCurrentDetails(renderLedgerDetails(book.views));
  };
  installLedgerHandlers(book, changed);
  for (;;) {
    const seen = changes;
    if (hasGrown(changes + checks)) {
      await condition(() => teller.isIdle && allHandlersFinished());
      book.closeUnused(Date.now() - timings().ledgerLingerMs);
      await continueAsNew<typeof slotLedgers>({ ledgers: book.ledgers });
    }
    const waitMs = book.isForgettable ? timings().ledgerLingerMs : nextCheckMs(book, checkedAtMs);
    if (waitMs === null) await condition(() => changes !== seen);
    else if (waitMs > 0 && (await condition(() => changes !== seen, waitMs, { summary: book.isForgettable ? 'end unless somebody asks' : 'look for holders that have ended' }))) continue;
    else if (book.isForgettable && teller.isIdle && allHandlersFinished()) return;
    else if (!book.isForgettable) {
      checkedAtMs = Date.now();
      checks += 1;
      book.closeUnused(checkedAtMs - timings().ledgerLingerMs);
      if (await freeClosed(book)) changed();
    }
  }
}

/** null: there is nobody to look for. */
function nextCheckMs(book: LedgerBook, checkedAtMs: number): number | null {
  if (book.present.length === 0) return null;
  const { ledgerCheckMs, ledgerIdleCheckMs } = timings();
  return Math.max(0, checkedAtMs + (book.hasWaiters ? ledgerCheckMs : ledgerIdleCheckMs) - Date.now());
}

/** By what it has done, which is the same in every replay, and not by how many events that took. */
const hasGrown = (steps: number): boolean => workflowInfo().continueAsNewSuggested || steps > timings().ledgerSteps;
