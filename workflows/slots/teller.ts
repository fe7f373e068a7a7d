import { getExternalWorkflowHandle } from '@temporalio/workflow';
import type { LedgerBook } from '../../domain/admission/book.js';
import type { AddressedAnswer } from '../../domain/admission/desk.js';
import { freeIfClosed } from './free-closed.js';
import { slotAnswer } from './messages.js';

/** Carries the ledgers' answers to the migrations. Nobody waits for it but the end of the run. */
export class Teller {
  readonly #book: LedgerBook;
  #under = 0;

  constructor(book: LedgerBook) {
    this.#book = book;
  }

  get isIdle(): boolean {
    return this.#under === 0;
  }

  /** Sends what there is to say. */
  tell(): void {
    for (const answer of this.#book.takeAnswers()) {
      this.#under += 1;
      void this.#send(answer).finally(() => {
        this.#under -= 1;
      });
    }
  }

  async #send({ workflowId, ...answer }: AddressedAnswer): Promise<void> {
    try {
      await getExternalWorkflowHandle(workflowId).signal(slotAnswer, answer);
    } catch {
      if (await freeIfClosed(this.#book, answer.epoch)) this.tell();
    }
  }
}
