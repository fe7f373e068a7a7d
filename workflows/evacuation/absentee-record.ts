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
    this.#writing = this.#writing.then(() => this.#write());
  }

  /** Resolves when nothing is left to write, also of what came meanwhile. */
  async written(): Promise<void> {
    for (let last: Promise<void> | null = null; last !== this.#writing;) {
      last = this.#writing;
      await last;
    }
  }

  async #write(): Promise<void> {
    const { node, request } = this.#state;
    const [moved, vmids] = [this.#left, this.#back];
    [this.#left, this.#back] = [[], []];
    try {
      if (moved.length > 0) await evacuationSteps(node).recordMoved({ node, request, moved });
      if (vmids.length > 0) await evacuationSteps(node).recordReturned({ node, vmids });
    } catch (error) {
      this.#state.incident(`${[...moved.map(({ vmid }) => vmid), ...vmids].join(', ')}: their record for coming home could not be written: ${messageOf(error)}`);
    }
  }
}
