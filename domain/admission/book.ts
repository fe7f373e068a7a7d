import type { Addressed, LedgerView, LimitChange, SlotAnswer, SlotRelease, SlotRequest, SlotResource } from '../contracts/slots.js';
import type { Epoch } from '../ids.js';
import { LedgerDesk, type AddressedAnswer } from './desk.js';
import { newLedger, type Ledger } from './ledger.js';

/** The ledgers of all nodes and links, each opened by the first message to it. One message of a migration brings what it has to say to several of them. */
export class LedgerBook {
  readonly #desks: Map<SlotResource, LedgerDesk>;

  constructor(ledgers: readonly Ledger[], nowMs: number) {
    this.#desks = new Map(ledgers.map((ledger) => [ledger.resource, new LedgerDesk(ledger, nowMs)]));
  }

  get ledgers(): readonly Ledger[] {
    return this.#inOrder.map(({ ledger }) => ledger);
  }

  get views(): readonly LedgerView[] {
    return this.#inOrder.map(({ view }) => view);
  }

  get hasWaiters(): boolean {
    return this.#inOrder.some(({ waiters }) => waiters.length > 0);
  }

  /** Nobody holds or waits anywhere, and no operator's word has to be kept. */
  get isForgettable(): boolean {
    return this.#inOrder.every(({ isForgettable }) => isForgettable);
  }

  /** Every migration that holds or waits, once. */
  get present(): readonly Ledger['entries'][number][] {
    const entries = this.ledgers.flatMap((ledger) => ledger.entries);
    return entries.filter(({ epoch }, index) => entries.findIndex((one) => one.epoch === epoch) === index);
  }

  request(requests: readonly Addressed<SlotRequest>[], nowMs: number): void {
    for (const { resource, ...request } of requests) this.#desk(resource, nowMs).request(request, nowMs);
  }

  /** As `request`; what there is to say to whom asked is the result, and said to nobody else. */
  answer(requests: readonly Addressed<SlotRequest>[], nowMs: number): readonly SlotAnswer[] {
    return requests.map(({ resource, ...request }) => this.#desk(resource, nowMs).answer(request, nowMs)).filter((answer) => answer !== null);
  }

  /** A ledger that is opened by it remembers it: the request may have been overtaken. */
  release(releases: readonly Addressed<SlotRelease>[], nowMs: number): void {
    for (const { resource, ...release } of releases) this.#desk(resource, nowMs).release(release, nowMs);
  }

  changeLimits({ resource, ...change }: Addressed<LimitChange>, nowMs: number): LedgerView {
    const desk = this.#desk(resource, nowMs);
    desk.changeLimits(change, nowMs);
    return desk.view;
  }

  drop(epoch: Epoch, nowMs: number): void {
    for (const desk of this.#desks.values()) if (desk.ledger.entries.some((one) => one.epoch === epoch)) desk.drop(epoch, nowMs);
  }

  /** What is to be said now, each once. */
  takeAnswers(): readonly AddressedAnswer[] {
    return this.#inOrder.flatMap((desk) => desk.takeAnswers());
  }

  /** Closes the ledgers of which nothing has been heard since then, and nothing has to be kept. */
  closeUnused(sinceMs: number): void {
    for (const [resource, desk] of this.#desks) if (desk.isForgettable && desk.changedAtMs <= sinceMs) this.#desks.delete(resource);
  }

  get #inOrder(): readonly LedgerDesk[] {
    return [...this.#desks].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, desk]) => desk);
  }

  #desk(resource: SlotResource, nowMs: number): LedgerDesk {
    const open = this.#desks.get(resource) ?? new LedgerDesk(newLedger(resource), nowMs);
    this.#desks.set(resource, open);
    return open;
  }
}
