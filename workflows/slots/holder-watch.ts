import { condition, sleep } from '@temporalio/workflow';
import type { LedgerBook } from '../../domain/admission/book.js';
import type { Epoch } from '../../domain/ids.js';
import { noteWritten } from '../history.js';
import { clusterSteps } from '../proxies.js';
import { timings } from '../timings.js';

/** Finds holders, and those who wait, that have ended without a word, and frees what they hold. `changed`: called when there was something. */
export class HolderWatch {
  readonly #book: LedgerBook;
  readonly #changed: () => void;
  #looking = false;

  constructor(book: LedgerBook, changed: () => void) {
    this.#book = book;
    this.#changed = changed;
  }

  /** It asks after everybody: a run that ended in the middle would never come to its end. */
  get isLooking(): boolean {
    return this.#looking;
  }

  /** Looks now and then, more often while somebody waits; for as long as the workflow runs. No message puts it off. */
  async run(): Promise<never> {
    const { ledgerCheckMs, ledgerIdleCheckMs, ledgerLingerMs } = timings();
    const summary = 'look for holders that have ended';
    for (;;) {
      await condition(() => this.#book.present.length > 0);
      noteWritten('timer');
      await sleep(ledgerCheckMs, { summary });
      if (!this.#book.hasWaiters) await condition(() => this.#book.hasWaiters, ledgerIdleCheckMs - ledgerCheckMs, { summary });
      this.#book.closeUnused(Date.now() - ledgerLingerMs);
      this.#looking = true;
      await Promise.all(this.#book.present.map(({ epoch }) => this.freeIfClosed(epoch)));
      this.#looking = false;
    }
  }

  /** Of a run that nobody can say anything about the slots are kept: it is asked about again. */
  async freeIfClosed(epoch: Epoch): Promise<void> {
    const entry = this.#book.present.find((one) => one.epoch === epoch);
    if (entry === undefined) return;
    const { vmid, workflowId } = entry;
    const run = await clusterSteps(vmid).readRun({ vmid, epoch, workflowId }).catch(() => 'unknown' as const);
    if (run !== 'closed' && run !== 'gone') return;
    this.#book.drop(epoch, Date.now());
    this.#changed();
  }
}
