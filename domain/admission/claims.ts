import type { Pool, SlotAnswer, SlotClass, SlotNeed, SlotResource } from '../contracts/slots.js';
import { classOf } from './needs.js';

/** What a migration tells a ledger. */
export type SlotMessage =
  | { readonly kind: 'request'; readonly need: SlotNeed; readonly seq: number }
  | { readonly kind: 'release'; readonly resource: SlotResource; readonly seq: number; readonly keep: readonly Pool[] };

/** What is known of one ledger. */
export interface Claim {
  readonly resource: SlotResource;
  readonly configured: SlotNeed['configured'];
  pools: readonly Pool[];
  /**
   * `idle`: not asked (any more); `asked`: no answer yet; `skipped`: it never answered, and it is done without. What is skipped stays
   * asked for: a ledger that comes back counts it.
   */
  status: 'idle' | 'asked' | 'waiting' | 'granted' | 'skipped';
  /** First request since it was idle; last request; what the last answer was to. */
  beganSeq: number;
  askedSeq: number;
  answeredSeq: number;
  answer: SlotAnswer | null;
}

/**
 * One migration's side of admission: what it asks of which ledger, and what it makes of the answers.
 *
 * All ledgers are asked at once, which is quick when there are slots. When one of them says "wait", everything that comes after it in
 * the order of names is given back, and asked for again when it has granted. So a migration that waits holds only what comes before,
 * and no circle of waiting can close. Every message carries a number that only grows (`nowMs` at least: also after a reset of the
 * workflow), so late and doubled ones are known.
 */
export class Claims {
  readonly #claims = new Map<SlotResource, Claim>();
  #seq = 0;

  /** In the order of the resources' names. */
  get all(): readonly Claim[] {
    return [...this.#claims.values()].sort((a, b) => (a.resource < b.resource ? -1 : 1));
  }

  /** Everything is granted, or has to be done without. */
  get complete(): boolean {
    return this.all.every(({ status }) => status === 'granted' || status === 'skipped');
  }

  get waiting(): readonly Claim[] {
    return this.all.filter(({ status }) => status === 'waiting');
  }

  /** Asked, and no answer to the last question. */
  get unanswered(): readonly Claim[] {
    return this.all.filter(({ status, askedSeq, answeredSeq }) => (status === 'asked' || status === 'waiting') && answeredSeq < askedSeq);
  }

  /** Wants exactly this from now on: what is held and still needed stays, what is not is given back, the rest is asked for. */
  want(needs: readonly SlotNeed[], nowMs: number): readonly SlotMessage[] {
    const released = this.all.filter(({ resource }) => !needs.some((need) => need.resource === resource)).flatMap((claim) => {
      this.#claims.delete(claim.resource);
      return claim.status === 'idle' ? [] : [this.#release(claim.resource, [], nowMs)];
    });
    const changed = needs.flatMap((need) => {
      const claim = this.#claims.get(need.resource);
      if (claim !== undefined) return this.#change(claim, need.pools, nowMs);
      this.#claims.set(need.resource, claimOf(need, 'idle'));
      return [];
    });
    return [...released, ...changed, ...this.#advance(nowMs)];
  }

  /** It may hold these, from before a reset of the workflow: they are given back as if they had been granted. */
  assume(needs: readonly SlotNeed[]): void {
    for (const need of needs) this.#claims.set(need.resource, claimOf(need, 'granted'));
  }

  /** An answer to this very migration. */
  hear(answer: SlotAnswer, nowMs: number): readonly SlotMessage[] {
    const claim = this.#claims.get(answer.resource);
    if (claim === undefined || claim.status === 'idle') {
      // Of a request that was taken back. Said again: the word that took it back may have come before it, to a ledger not yet open.
      return answer.granted ? [this.#release(answer.resource, [], Math.max(nowMs, answer.seq + 1))] : [];
    }
    if (answer.seq < claim.beganSeq || claim.status === 'granted') return [];
    claim.answer = answer;
    claim.answeredSeq = Math.max(claim.answeredSeq, answer.seq);
    if (answer.granted) claim.status = 'granted';
    else if (claim.status === 'asked') claim.status = 'waiting';
    return this.#advance(nowMs);
  }

  /** Asks those again that wait, or have not answered. */
  askAgain(nowMs: number): readonly SlotMessage[] {
    return this.all.filter(({ status }) => status === 'asked' || status === 'waiting').map((claim) => this.#ask(claim, nowMs));
  }

  /** No answer is hoped for from those that owe one. */
  skipUnanswered(nowMs: number): { readonly skipped: readonly SlotResource[]; readonly messages: readonly SlotMessage[] } {
    const { unanswered } = this;
    for (const claim of unanswered) claim.status = 'skipped';
    return { skipped: unanswered.map(({ resource }) => resource), messages: this.#advance(nowMs) };
  }

  /**
   * Gives back what it has of these classes, at every ledger, and does not ask for them any more. A part that has no limit there is kept
   * with the rest: each message costs the ledger and the migration a task.
   */
  done(classes: readonly SlotClass[], nowMs: number): readonly SlotMessage[] {
    return this.all.flatMap((claim) => {
      const keep = claim.pools.filter((pool) => !classes.includes(classOf(pool)));
      const limited = claim.answer?.limited;
      if (keep.length > 0 && limited !== undefined && claim.pools.every((pool) => keep.includes(pool) || !limited.includes(pool))) return [];
      const messages = this.#change(claim, keep, nowMs);
      if (keep.length === 0) this.#claims.delete(claim.resource);
      return messages;
    });
  }

  /** Fewer are given back; more, and it queues anew for all of them. */
  #change(claim: Claim, pools: readonly Pool[], nowMs: number): readonly SlotMessage[] {
    const [hadAll, hasFewer] = [pools.every((pool) => claim.pools.includes(pool)), pools.length < claim.pools.length];
    claim.pools = pools;
    if (claim.status === 'idle' || (hadAll && !hasFewer)) return [];
    return [hadAll ? this.#release(claim.resource, pools, nowMs) : this.#begin(claim, nowMs)];
  }

  #advance(nowMs: number): readonly SlotMessage[] {
    const messages: SlotMessage[] = [];
    let waits = false;
    for (const claim of this.all) {
      if (waits && claim.status !== 'idle' && claim.status !== 'skipped') {
        claim.status = 'idle';
        messages.push(this.#release(claim.resource, [], nowMs));
      } else if (!waits && claim.status === 'idle') {
        messages.push(this.#begin(claim, nowMs));
      }
      waits ||= claim.status === 'waiting';
    }
    return messages;
  }

  #begin(claim: Claim, nowMs: number): SlotMessage {
    claim.status = 'asked';
    const message = this.#ask(claim, nowMs);
    claim.beganSeq = message.seq;
    return message;
  }

  #ask(claim: Claim, nowMs: number): SlotMessage {
    const { resource, pools, configured } = claim;
    claim.askedSeq = this.#next(nowMs);
    return { kind: 'request', need: { resource, pools, configured }, seq: claim.askedSeq };
  }

  #release(resource: SlotResource, keep: readonly Pool[], nowMs: number): SlotMessage {
    return { kind: 'release', resource, seq: this.#next(nowMs), keep };
  }

  #next(nowMs: number): number {
    this.#seq = Math.max(this.#seq + 1, nowMs);
    return this.#seq;
  }
}

const claimOf = ({ resource, pools, configured }: SlotNeed, status: Claim['status']): Claim =>
  ({ resource, configured, pools, status, beganSeq: 0, askedSeq: 0, answeredSeq: 0, answer: null });
