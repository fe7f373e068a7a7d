import type { MovedGuest } from '../../domain/contracts/cordon.js';
import { messageOf } from '../../domain/errors.js';
import type { NodeName, Vmid } from '../../domain/ids.js';
import { evacuationSteps } from '../proxies.js';
import type { EvacuationState } from './state.js';

/** Keeps the cluster's record of who left the node up to date, one write at a time, each with all that has come together. */
export class AbsenteeRecord {
  readonly #state: EvacuationState;
  #left: MovedGuest[] = [];
  #back: Vmid[] = [];
  #writing: Promise<void> = Promise.resolve();
  /** Writes that were begun and have not ended. */
  #under = 0;

  constructor(state: EvacuationState) {
    this.#state = state;
  }

  add(vmid: Vmid, to: NodeName): void {
    const { book, node } = this.#state;
    const guest = book.guest(vmid);
    if (guest === null) return;
    if (book.direction === 'home') this.#back.push(vmid);
    else if (guest.from === node) {
      const { kind, name, mode, applications, targetStorage } = guest;
      this.#left.push({ vmid, kind, name, to, mode: mode ?? 'live', applications, ...(targetStorage === undefined ? {} : { targetStorage }) });
    }
    this.#begin();
  }

  /** Who left and could not be written down. */
  get unwritten(): readonly Vmid[] {
    return this.#left.map(({ vmid }) => vmid);
  }

  /** Nothing is being written. What could not be written may be left: `written` tries once more. */
  get isWritten(): boolean {
    return this.#under === 0;
  }

  /** Resolves when nothing is left to write, also of what came meanwhile. */
  async written(): Promise<void> {
    if (this.#left.length + this.#back.length > 0 && this.#under === 0) this.#begin();
    for (let last: Promise<void> | null = null; last !== this.#writing;) {
      last = this.#writing;
      await last;
    }
  }

  #begin(): void {
    this.#under += 1;
    this.#writing = this.#writing.then(() => this.#write()).finally(() => {
      this.#under -= 1;
    });
  }

  async #write(): Promise<void> {
    const { node, request } = this.#state;
    const [moved, vmids] = [this.#left, this.#back];
    [this.#left, this.#back] = [[], []];
    try {
      if (moved.length > 0) await evacuationSteps(node).recordMoved({ node, request, moved });
      if (vmids.length > 0) await evacuationSteps(node).recordReturned({ node, vmids });
    } catch (error) {
      // With the next one, or in the end.
      [this.#left, this.#back] = [[...moved, ...this.#left], [...vmids, ...this.#back]];
      this.#state.incident(`${[...moved.map(({ vmid }) => vmid), ...vmids].join(', ')}: the record for coming home could not be written yet: ${messageOf(error)}`);
    }
  }
}
