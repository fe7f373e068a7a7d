/**
 * Hands out the slots of all nodes and declared links; id `slots`. Whoever asks first starts it:
 *
 * - a request, a release or a new limit is decided at once; what follows from it is told to the migrations by signal
 * - who can't be told, or is found to have ended without a word, gives its slots back
 * - it continues as new before its history grows, and ends a while after the last slot came back; limits set by an operator keep it open
 *
 * Many write into its history at once, and it is asked while they do: what it decides follows from its messages alone, never from the
 * time or from the length of its history, and it has no local activity (CONTRIBUTING.md says why).
 */
import { allHandlersFinished, condition, continueAsNew, setCurrentDetails } from '@temporalio/workflow';
import { LedgerBook } from '../../domain/admission/book.js';
import { renderLedgerDetails } from '../../domain/admission/details.js';
import type { AddressedAnswer } from '../../domain/admission/desk.js';
import type { Ledger } from '../../domain/admission/ledger.js';
import { eventsWritten } from '../history.js';
import { timings } from '../timings.js';
import { HolderWatch } from './holder-watch.js';
import { installLedgerHandlers } from './ledger-handlers.js';
import { Teller } from './teller.js';

/** What one run hands to the next. */
export interface LedgersStart {
  readonly ledgers?: readonly Ledger[];
  /** Answers that may not have arrived. */
  readonly untold?: readonly AddressedAnswer[];
}

export async function slotLedgers({ ledgers = [], untold = [] }: LedgersStart = {}): Promise<void> {
  const { ledgerLingerMs, ledgerHistoryEvents } = timings();
  const book = new LedgerBook(ledgers, Date.now());
  let changes = 0;
  const changed = (): void => {
    changes += 1;
    teller.tell(book.takeAnswers());
    setCurrentDetails(renderLedgerDetails(book.views));
  };
  const watch = new HolderWatch(book, changed);
  const teller = new Teller(untold, (epoch) => void watch.freeIfClosed(epoch));
  installLedgerHandlers(book, changed);
  const hasGrown = (): boolean => eventsWritten() > ledgerHistoryEvents;
  const serve = async (): Promise<void> => {
    while (!hasGrown()) {
      await condition(() => hasGrown() || book.isForgettable);
      const before = changes;
      const isAsked = hasGrown() || (await condition(() => changes !== before, ledgerLingerMs, { summary: 'end unless somebody asks' }));
      if (!isAsked && book.isForgettable && teller.underWay.length === 0 && allHandlersFinished()) return;
    }
    // Not when all is quiet: where many ask it never is.
    await condition(() => !watch.isLooking && allHandlersFinished());
    book.closeUnused(Date.now() - ledgerLingerMs);
    await continueAsNew<typeof slotLedgers>({ ledgers: book.ledgers, untold: teller.underWay });
  };
  await Promise.race([serve(), watch.run()]);
}
