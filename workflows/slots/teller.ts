import { getExternalWorkflowHandle } from '@temporalio/workflow';
import type { AddressedAnswer } from '../../domain/admission/desk.js';
import type { Epoch } from '../../domain/ids.js';
import { noteWritten } from '../history.js';
import { slotAnswer } from './messages.js';

/** Carries the ledgers' answers to the migrations. `unheard`: told of who can't be told. */
export class Teller {
  readonly #unheard: (epoch: Epoch) => void;
  readonly #under = new Set<AddressedAnswer>();

  /** `left`: what an earlier run had not delivered for sure; to hear an answer twice is harmless. */
  constructor(left: readonly AddressedAnswer[], unheard: (epoch: Epoch) => void) {
    this.#unheard = unheard;
    for (const answer of left) void this.#send(answer);
  }

  /** What is on its way: the server forgets it when the run ends. */
  get underWay(): readonly AddressedAnswer[] {
    return [...this.#under];
  }

  tell(answers: readonly AddressedAnswer[]): void {
    for (const answer of answers) {
      noteWritten('signalSent');
      void this.#send(answer);
    }
  }

  async #send(addressed: AddressedAnswer): Promise<void> {
    const { workflowId, ...answer } = addressed;
    this.#under.add(addressed);
    await getExternalWorkflowHandle(workflowId).signal(slotAnswer, answer).catch(() => this.#unheard(answer.epoch));
    this.#under.delete(addressed);
  }
}
