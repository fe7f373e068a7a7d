import { getExternalWorkflowHandle } from '@temporalio/workflow';
import type { LedgerBook } from '../../domain/admission/book.js';
import type { AddressedAnswer } from '../../domain/admission/desk.js';
import type { Epoch } from '../../domain/ids.js';
import { slotAnswer } from './messages.js';

/** Carries the ledgers' answers to the migrations. Nobody waits for it but the end of the run. `unheard`: told of who can't be told. */
export class Teller {
  readonly #book: LedgerBook;
  readonly #unheard: (epoch: Epoch) => void;
  #under = 0;
  #told = 0;

  constructor(book: LedgerBook, unheard: (epoch: Epoch) => void) {
    this.#book = book;
    this.#unheard = unheard;
  }

  get isIdle(): boolean {
    return this.#under === 0;
  }

  /** How many answers it has sent. */
  get told(): number {
    return this.#told;
  }

  /** Sends what there is to say. */
  tell(): void {
    for (const answer of this.#book.takeAnswers()) void this.#send(answer);
  }

  async #send({ workflowId, ...answer }: AddressedAnswer): Promise<void> {
    this.#told += 1;
    this.#under += 1;
    await getExternalWorkflowHandle(workflowId).signal(slotAnswer, answer).catch(() => this.#unheard(answer.epoch));
    this.#under -= 1;
  }
}
