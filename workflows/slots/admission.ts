import { CancellationScope, condition, setHandler, sleep } from '@temporalio/workflow';
import { Claims, type SlotMessage } from '../../domain/admission/claims.js';
import { requestsOf } from '../../domain/admission/first-requests.js';
import { DEFAULT_PRIORITY } from '../../domain/admission/priority.js';
import { isAnswer } from '../../domain/admission/well-formed.js';
import { resourceWords } from '../../domain/admission/words.js';
import type { SlotAnswer, SlotAsker, SlotClass, SlotHolder, SlotNeed, SlotReleases, SlotResource } from '../../domain/contracts/slots.js';
import type { OpenedRequest } from '../../domain/contracts/activities.js';
import { messageOf } from '../../domain/errors.js';
import { SLOT_LEDGERS_ID } from '../../domain/ids.js';
import { noteWritten } from '../history.js';
import { clusterSteps } from '../proxies.js';
import type { MigrationState } from '../state.js';
import { timings } from '../timings.js';
import { slotAnswer } from './messages.js';

/**
 * The slots of one migration: asked for when its request is opened, waited for before anything is touched, given back class by class.
 * A ledger that does not answer keeps no migration waiting: it is noted, and done without.
 */
export class Admission {
  readonly #claims = new Claims();
  readonly #state: MigrationState;
  readonly #holder: SlotHolder;
  readonly #sinceMs: number;
  /** Messages on their way. */
  readonly #sending = new Set<Promise<void>>();
  readonly #shown = new Set<SlotResource>();
  /** Why the last message did not arrive. */
  #trouble = 'it keeps silent';
  /** Undoing it takes so long that the slots are given back before. */
  #overdue: CancellationScope | null = null;

  constructor(state: MigrationState, { request: { vmid, priority = DEFAULT_PRIORITY }, atMs = Date.now() }: OpenedRequest, asker: SlotAsker) {
    this.#state = state;
    this.#sinceMs = atMs;
    this.#holder = { vmid, ...asker, priority };
    setHandler(slotAnswer, (answer: unknown) => {
      if (isAnswer(answer)) this.#hear(answer);
    }, { description: "A ledger's answer. Not for operators." });
  }

  /** Asks for exactly this, and does not wait for an answer. Called again, it asks for what it has not, and gives back what it needs no more. */
  ask(needs: readonly SlotNeed[], atMs = Date.now()): void {
    this.#send(this.#claims.want(needs, atMs));
  }

  /** Was asked for exactly this when the request was opened; these are the answers that came along. */
  asked(needs: readonly SlotNeed[], answers: readonly SlotAnswer[]): void {
    this.#claims.want(needs, this.#sinceMs);
    this.#hearEach(answers);
  }

  /** The workflow was reset: what it may hold is given back in the end. */
  assume(needs: readonly SlotNeed[]): void {
    this.#claims.assume(needs);
  }

  /** Resolves when it has all it needs; to how long that took from now on, ms. A cancellation ends the wait at once. */
  async granted(): Promise<number> {
    const beganMs = Date.now();
    let pauseMs = timings().slotAskAgainMs;
    while (!this.#claims.complete) {
      if (this.#claims.unanswered.length > 0) {
        await this.#hearAll();
        continue;
      }
      this.#state.enter('queued', 'no slot is free, nothing is touched yet');
      const moved = await condition(() => this.#claims.complete || this.#claims.unanswered.length > 0, pauseMs, { summary: 'ask for the place in the queue' });
      if (!moved) this.#send(this.#claims.askAgain(Date.now()));
      pauseMs = Math.min(2 * pauseMs, timings().slotAskAgainMaximumMs);
    }
    const waitedMs = Date.now() - beganMs;
    if (this.#state.phase === 'queued') this.#state.incident(`waited ${Math.round(waitedMs / 1000)} s for its turn`);
    return waitedMs;
  }

  /** These are not needed, or not any more. */
  done(...classes: readonly SlotClass[]): void {
    this.#send(this.#claims.done(classes, Date.now()));
  }

  /** What is left to do needs no slots. When that takes longer than this, because a node is away, they go to somebody else; else `end` gives them back. */
  endSoon(withinMs: number): void {
    if (this.#claims.all.length === 0) return;
    const overdue = new CancellationScope();
    this.#overdue?.cancel();
    this.#overdue = overdue;
    overdue.run(() => sleep(withinMs, { summary: 'give back the slots' })).then(() => this.done(...EVERY_CLASS), () => undefined);
  }

  /** Gives everything back, and waits until that is on its way. */
  async end(): Promise<void> {
    await CancellationScope.nonCancellable(async () => {
      this.#overdue?.cancel();
      this.done(...EVERY_CLASS);
      for (const { resource } of this.#claims.all) this.#hide(resource);
      while (this.#sending.size > 0) await Promise.all(this.#sending);
    });
  }

  /** Every ledger that owes an answer is asked once more before it is done without. */
  async #hearAll(): Promise<void> {
    const { slotAnswerMs } = timings();
    const isHeard = (): boolean => this.#claims.unanswered.length === 0;
    if (await condition(isHeard, slotAnswerMs, { summary: 'answers of the ledgers' })) return;
    this.#send(this.#claims.askAgain(Date.now()));
    if (await condition(isHeard, AGAIN * slotAnswerMs, { summary: 'answers of the ledgers, asked again' })) return;
    const { skipped, messages } = this.#claims.skipUnanswered(Date.now());
    for (const resource of skipped) {
      this.#hide(resource);
      this.#state.incident(`the ledger of ${resourceWords(resource)} (workflow ${SLOT_LEDGERS_ID}) does not answer (${this.#trouble}): it went on without a slot there`);
    }
    this.#send(messages);
  }

  #hear(answer: SlotAnswer): void {
    noteWritten('message');
    if (answer.epoch !== this.#holder.epoch) {
      // An earlier migration under this workflow id has ended without giving it back.
      return this.#send([{ kind: 'release', resource: answer.resource, seq: answer.seq + 1, keep: [] }], answer.epoch);
    }
    this.#send(this.#claims.hear(answer, Date.now()));
    this.#show();
  }

  #show(): void {
    const waiting = this.#claims.waiting.flatMap(({ resource, answer }) => (answer === null ? [] : [{ resource, answer }]));
    for (const resource of this.#shown) if (!waiting.some((one) => one.resource === resource)) this.#hide(resource);
    for (const { resource, answer } of waiting) {
      this.#shown.add(resource);
      this.#state.waitFor(waitOf(resource), `place ${answer.position} of ${answer.waiting} in the queue; ${answer.reason}`);
    }
  }

  #hide(resource: SlotResource): void {
    if (this.#shown.delete(resource)) this.#state.waitIsOver(waitOf(resource));
  }

  #send(messages: readonly SlotMessage[], epoch = this.#holder.epoch): void {
    const { vmid } = this.#holder;
    const requests = requestsOf(messages, this.#holder, this.#sinceMs);
    const releases = messages.flatMap((message): SlotReleases['releases'] => (message.kind === 'release'
      ? [{ resource: message.resource, epoch, seq: message.seq, keep: message.keep }] : []));
    if (requests.length > 0) this.#track(async () => this.#hearEach(await clusterSteps(vmid).requestSlots({ vmid, requests })));
    if (releases.length > 0) this.#track(() => clusterSteps(vmid).releaseSlots({ vmid, releases }));
  }

  /** A control worker of before brings nothing: its answers come by signal. */
  #hearEach(answers: readonly SlotAnswer[] | undefined): void {
    for (const answer of answers ?? []) this.#hear(answer);
  }

  /** What does not arrive is made good: an unanswered question is asked again, and a ledger that is not open holds nothing. */
  #track(send: () => Promise<unknown>): void {
    const sending = CancellationScope.nonCancellable(send).then(() => undefined, (error: unknown) => {
      this.#trouble = messageOf(error);
    }).finally(() => this.#sending.delete(sending));
    this.#sending.add(sending);
  }
}

/** So many times longer the second answer is waited for: a control worker may be on its way back. */
const AGAIN = 4;

const EVERY_CLASS: readonly SlotClass[] = ['prepare', 'transfer', 'switchover'];

const waitOf = (resource: SlotResource): string => `its turn on ${resourceWords(resource)}`;
