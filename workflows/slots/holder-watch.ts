import { condition, sleep } from '@temporalio/workflow';
import type { LedgerBook } from '../../domain/admission/book.js';
import type { Epoch } from '../../domain/ids.js';
import { clusterSteps } from '../proxies.js';
import { timings } from '../timings.js';

/** Finds holders, and those who wait, that have ended without a word, and frees what they hold. `changed`: called when there was something. */
export class HolderWatch {
  readonly #book: LedgerBook;
  readonly #changed: () => void;
  #checks = 0;
  #under = 0;

  constructor(book: LedgerBook, changed: () => void) {
    this.#book = book;
    this.#changed = changed;
  }

  /** How often it has looked. */
  get checks(): number {
    return this.#checks;
  }

  get isIdle(): boolean {
    return this.#under === 0;
  }

  /** Looks now and then, more often while somebody waits; for as long as the workflow runs. No message puts it off. */
  async run(): Promise<never> {
    const { ledgerCheckMs, ledgerIdleCheckMs, ledgerLingerMs } = timings();
    for (;;) {
      await condition(() => this.#book.present.length > 0);
      await sleep(ledgerCheckMs, { summary: 'look for holders that have ended' });
      if (!this.#book.hasWaiters) await condition(() => this.#book.hasWaiters, ledgerIdleCheckMs - ledgerCheckMs, { summary: 'look for holders that have ended' });
      this.#checks += 1;
      this.#book.closeUnused(Date.now() - ledgerLingerMs);
      await Promise.all(this.#book.present.map(({ epoch }) => this.freeIfClosed(epoch)));
    }
  }

  /** Of a run that nobody can say anything about the slots are kept: it is asked about again. */
  async freeIfClosed(epoch: Epoch): Promise<void> {
    const entry = this.#book.present.find((one) => one.epoch === epoch);
    if (entry === undefined) return;
    const { vmid, workflowId } = entry;
    this.#under += 1;
    const run = await clusterSteps(vmid).readRun({ vmid, epoch, workflowId }).catch(() => 'unknown' as const);
    this.#under -= 1;
    if (run !== 'closed' && run !== 'gone') return;
    this.#book.drop(epoch, Date.now());
    this.#changed();
  }
}
