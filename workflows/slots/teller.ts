import { getExternalWorkflowHandle } from '@temporalio/workflow';
import type { AddressedAnswer, LedgerDesk } from '../../domain/admission/desk.js';
import { freeIfClosed } from './free-closed.js';
import { slotAnswer } from './messages.js';

/** Carries a ledger's answers to the migrations. Nobody waits for it but the end of the run. */
export class Teller {
  readonly #desk: LedgerDesk;
  #under = 0;

  constructor(desk: LedgerDesk) {
    this.#desk = desk;
  }

  get isIdle(): boolean {
    return this.#under === 0;
  }

  /** Sends what there is to say. */
  tell(): void {
    for (const answer of this.#desk.takeAnswers()) {
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
      if (await freeIfClosed(this.#desk, answer.epoch)) this.tell();
    }
  }
}
