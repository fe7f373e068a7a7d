import type { LedgerView, LimitChange, SlotAnswer, SlotRelease, SlotRequest } from '../contracts/slots.js';
import type { Epoch } from '../ids.js';
import { answersOf } from './answers.js';
import { decide, type SlotVerdict } from './decide.js';
import { changeLimits, dropHolder, isForgettable, takeRelease, takeRequest, type Ledger, type LedgerEntry } from './ledger.js';
import { viewOf } from './view.js';

export type AddressedAnswer = SlotAnswer & { readonly workflowId: string };

/** One ledger at work: each message is decided at once, and what has to be said to whom is collected. */
export class LedgerDesk {
  #ledger: Ledger;
  #verdicts: readonly SlotVerdict[] = [];
  #changedAtMs: number;
  readonly #answers: AddressedAnswer[] = [];

  constructor(ledger: Ledger, nowMs: number) {
    this.#ledger = ledger;
    this.#changedAtMs = nowMs;
    // What was said before the workflow continued as new is not said again: nothing is free that was not given out then.
    this.#verdicts = decide(ledger, 0).verdicts;
  }

  get ledger(): Ledger {
    return this.#ledger;
  }

  get view(): LedgerView {
    return viewOf(this.#ledger, this.#verdicts);
  }

  get holders(): readonly LedgerEntry[] {
    return this.#ledger.entries.filter(({ grantedAtMs }) => grantedAtMs !== null);
  }

  get waiters(): readonly LedgerEntry[] {
    return this.#ledger.entries.filter(({ grantedAtMs }) => grantedAtMs === null);
  }

  /** When the last message came. */
  get changedAtMs(): number {
    return this.#changedAtMs;
  }

  get isForgettable(): boolean {
    return isForgettable(this.#ledger);
  }

  get hasAnswers(): boolean {
    return this.#answers.length > 0;
  }

  request(request: SlotRequest, nowMs: number): void {
    this.#apply(takeRequest(this.#ledger, request, nowMs), nowMs, new Set([request.epoch]));
  }

  release(release: SlotRelease, nowMs: number): void {
    this.#apply(takeRelease(this.#ledger, release), nowMs);
  }

  drop(epoch: Epoch, nowMs: number): void {
    this.#apply(dropHolder(this.#ledger, epoch), nowMs);
  }

  changeLimits(change: LimitChange, nowMs: number): void {
    this.#apply(changeLimits(this.#ledger, change), nowMs);
  }

  /** As `request`; what there is to say to whom asked is the result, and said to nobody else. null: it has left before. */
  answer(request: SlotRequest, nowMs: number): SlotAnswer | null {
    this.request(request, nowMs);
    const own = this.#answers.findLastIndex(({ epoch }) => epoch === request.epoch);
    const [found] = own === -1 ? [] : this.#answers.splice(own, 1);
    if (found === undefined) return null;
    const { workflowId: _, ...answer } = found;
    return answer;
  }

  /** What is to be said now, each once. */
  takeAnswers(): readonly AddressedAnswer[] {
    return this.#answers.splice(0);
  }

  #apply(changed: Ledger, nowMs: number, asked: ReadonlySet<Epoch> = new Set()): void {
    const before = new Map(this.#verdicts.map((verdict) => [verdict.epoch, verdict]));
    const { ledger, verdicts } = decide(changed, nowMs);
    this.#ledger = ledger;
    this.#changedAtMs = nowMs;
    this.#verdicts = verdicts;
    this.#answers.push(...answersOf(ledger, verdicts, before, asked));
  }
}
