import { CancellationScope, sleep } from '@temporalio/workflow';
import { messageOf } from '../domain/errors.js';
import { codeOf } from './failures.js';
import type { Steps } from './proxies.js';
import { rest } from './rest.js';
import type { MigrationRun } from './run.js';
import { timings } from './timings.js';

/**
 * Calls `attempt` until it succeeds, for as long as it takes. Waiting is visible: `waitingFor` in the progress, in the current
 * details and in the timer's summary; `needsOperator` after two minutes; an incident in the report when it is over.
 * Only `StaleEpoch` ends it with a failure: a newer migration owns the guest on that node, there is nothing left that is ours.
 */
export async function persist<T>(run: MigrationRun, what: string, attempt: (steps: Steps) => Promise<T>): Promise<T> {
  const patience = new Patience(run, what);
  for (;;) {
    try {
      const result = await attempt(patience.tried ? run.patient : run.steps);
      patience.end();
      return result;
    } catch (error) {
      if (codeOf(error) === 'StaleEpoch') {
        patience.end();
        throw error;
      }
      await patience.pause(messageOf(error));
    }
  }
}

/** The visible side of waiting: used by `persist`, and by whoever asks again and again until a question is settled. */
export class Patience {
  tried = false;
  readonly #run: MigrationRun;
  readonly #what: string;
  readonly #sinceMs = Date.now();
  #pauseMs = timings().persistInitialMs;
  #alarm: CancellationScope | null = null;

  constructor(run: MigrationRun, what: string) {
    this.#run = run;
    this.#what = what;
  }

  /** The success of one of `wakes` ends the pause; a pause that is watched so may become much longer. */
  async pause(cause: string, wakes: readonly (() => Promise<unknown>)[] = []): Promise<void> {
    this.tried = true;
    this.#run.state.waitFor(this.#what, cause);
    this.#startAlarm();
    await rest(this.#pauseMs, `next try: ${this.#what}`, wakes);
    const { persistMaximumMs, awaitedPauseMs } = timings();
    this.#pauseMs = Math.min(2 * this.#pauseMs, wakes.length === 0 ? persistMaximumMs : awaitedPauseMs);
  }

  end(): void {
    if (!this.tried) return;
    this.#alarm?.cancel();
    this.#run.state.waitIsOver(this.#what);
    this.#run.state.incident(`waited ${Math.round((Date.now() - this.#sinceMs) / 1000)} s: ${this.#what}`);
  }

  #startAlarm(): void {
    if (this.#alarm !== null) return;
    const alarm = new CancellationScope();
    this.#alarm = alarm;
    alarm
      .run(() => sleep(timings().needsOperatorMs, { summary: `ask for an operator: ${this.#what}` }))
      .then(() => this.#run.state.callOperator(this.#what), () => undefined);
  }
}
