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
import type { Ledger } from '../../domain/admission/ledger.js';
import { timings } from '../timings.js';
import { HolderWatch } from './holder-watch.js';
import { installLedgerHandlers } from './ledger-handlers.js';
import { Teller } from './teller.js';

export interface LedgersStart {
  /** As they were when the workflow continued as new. */
  readonly ledgers?: readonly Ledger[];
}

export async function slotLedgers({ ledgers = [] }: LedgersStart = {}): Promise<void> {
  const { ledgerLingerMs, ledgerSteps } = timings();
  const book = new LedgerBook(ledgers, Date.now());
  let messages = 0;
  const changed = (): void => {
    messages += 1;
    teller.tell();
    setCurrentDetails(renderLedgerDetails(book.views));
  };
  const watch = new HolderWatch(book, changed);
  const teller = new Teller(book, (epoch) => void watch.freeIfClosed(epoch));
  installLedgerHandlers(book, changed);
  const hasGrown = (): boolean => messages + watch.checks + teller.told > ledgerSteps;
  const isAtRest = (): boolean => teller.isIdle && watch.isIdle && allHandlersFinished();
  const serve = async (): Promise<void> => {
    while (!hasGrown()) {
      await condition(() => hasGrown() || book.isForgettable);
      const before = messages;
      const isAsked = hasGrown() || (await condition(() => messages !== before, ledgerLingerMs, { summary: 'end unless somebody asks' }));
      if (!isAsked && book.isForgettable && isAtRest()) return;
    }
    await condition(isAtRest);
    book.closeUnused(Date.now() - ledgerLingerMs);
    await continueAsNew<typeof slotLedgers>({ ledgers: book.ledgers });
  };
  await Promise.race([serve(), watch.run()]);
}
