import { CancellationScope, condition, sleep } from '@temporalio/workflow';
import { messageOf, type ErrorCode } from '../domain/errors.js';
import type { NodeName } from '../domain/ids.js';
import { codeOf } from './failures.js';
import type { Steps } from './proxies.js';
import { rest } from './rest.js';
import type { MigrationRun } from './run.js';
import { timings } from './timings.js';

/** Asking again would not change it: a newer migration owns the guest there; it was given back; what arrived is not what was sent. */
const FINAL: readonly ErrorCode[] = ['StaleEpoch', 'GuestReturned', 'VolumeDiffers'];

/** A step on a node that an operator allowed to be left: it is done when the node is back. */
export class LeftBehind extends Error {
  readonly node: NodeName;

  constructor(what: string, node: NodeName, why: string) {
    super(`${what}: skipped: ${why}`);
    this.name = 'LeftBehind';
    this.node = node;
  }
}

/** What waiting needs of a migration. */
export type Waiter = Pick<MigrationRun, 'state' | 'steps' | 'patient' | 'operator'>;

/**
 * Calls `attempt` until it succeeds, for as long as it takes. Waiting is visible: `waitingFor` in the progress, in the current
 * details and in the timer's summary; `needsOperator` after two minutes; an incident in the report when it is over.
 * `calm`: nobody is called, however long it takes.
 * Two things end it with a failure: a final answer (`StaleEpoch`, as a newer migration owns the guest on that node and there is nothing
 * left that is ours; a guest that was given back; volumes that differ), and `LeftBehind`, when the step is on a `node` that was fenced, or that does not answer while it is all given up.
 */
export async function persist<T>(
  run: Waiter, what: string, attempt: (steps: Steps) => Promise<T>, { node = null, calm = false }: { readonly node?: NodeName | null; readonly calm?: boolean } = {},
): Promise<T> {
  const patience = new Patience(run, what, calm);
  for (;;) {
    if (node !== null && run.operator.fenced.includes(node)) throw patience.leave(node);
    try {
      const result = await unlessExcused(run, node, () => attempt(patience.tried && !run.operator.givesUp ? run.patient : run.steps));
      patience.end();
      return result;
    } catch (error) {
      if (FINAL.includes(codeOf(error))) {
        patience.end();
        throw error;
      }
      if (node !== null && run.operator.excuses(node) !== null) throw patience.leave(node);
      await patience.pause(messageOf(error), { nodes: node === null ? [] : [node] });
    }
  }
}

/** A task that waits in the queue of a node that is away is called off when the operator says that it need not be waited for. */
async function unlessExcused<T>(run: Waiter, node: NodeName | null, attempt: () => Promise<T>): Promise<T> {
  if (node === null || run.operator.excuses(node) !== null) return attempt();
  const trying = new CancellationScope();
  const watching = new CancellationScope();
  watching.run(() => condition(() => run.operator.excuses(node) !== null)).then(() => trying.cancel(), () => undefined);
  try {
    return await trying.run(attempt);
  } finally {
    watching.cancel();
  }
}

/** The visible side of waiting: used by `persist`, and by whoever asks again and again until a question is settled. */
export class Patience {
  tried = false;
  readonly #run: Pick<Waiter, 'state' | 'operator'>;
  readonly #what: string;
  readonly #calm: boolean;
  readonly #sinceMs = Date.now();
  #pauseMs = timings().persistInitialMs;
  #alarm: CancellationScope | null = null;
  /** A word that comes while something is tried ends the next pause: what was mended is tried again. */
  #heard: number;

  constructor(run: Pick<Waiter, 'state' | 'operator'>, what: string, calm = false) {
    this.#run = run;
    this.#what = what;
    this.#calm = calm;
    this.#heard = run.operator.said;
  }

  /** The operator's word ends the pause, or the success of one of `wakes`; a pause that is watched so may become much longer. `nodes`: who is waited for. */
  async pause(cause: string, { wakes = [], nodes = [] }: { readonly wakes?: readonly (() => Promise<unknown>)[]; readonly nodes?: readonly NodeName[] } = {}): Promise<void> {
    this.tried = true;
    this.#run.state.waitFor(this.#what, cause, nodes);
    this.#startAlarm();
    await rest(this.#pauseMs, `next try: ${this.#what}`, [...wakes, () => this.#run.operator.spokenSince(this.#heard)]);
    this.#heard = this.#run.operator.said;
    const { persistMaximumMs, awaitedPauseMs } = timings();
    this.#pauseMs = Math.min(2 * this.#pauseMs, wakes.length === 0 ? persistMaximumMs : awaitedPauseMs);
  }

  /** Not done, and not waited for any more. */
  leave(node: NodeName): LeftBehind {
    this.end();
    return new LeftBehind(this.#what, node, this.#run.operator.excuses(node) ?? 'it was left');
  }

  end(): void {
    if (!this.tried) return;
    this.#alarm?.cancel();
    this.#run.state.waitIsOver(this.#what);
    this.#run.state.incident(`waited ${Math.round((Date.now() - this.#sinceMs) / 1000)} s: ${this.#what}`);
  }

  #startAlarm(): void {
    if (this.#alarm !== null || this.#calm) return;
    const alarm = new CancellationScope();
    this.#alarm = alarm;
    alarm
      .run(() => sleep(timings().needsOperatorMs, { summary: `ask for an operator: ${this.#what}` }))
      .then(() => this.#run.state.callOperator(this.#what), () => undefined);
  }
}
