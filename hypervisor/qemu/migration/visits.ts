import type { PrecopyVisit } from '../../../domain/contracts/activities.js';
import type { RoundSample } from '../../../domain/convergence/sample.js';
import { pause } from '../../wait.js';
import type { DriverState } from './driver-state.js';

const FIGURES_INTERVAL_MS = 500;
/** A visit ends with a round, but rounds shorter than this share one. */
const MIN_VISIT_MS = 1000;
/** … and one long round takes several, so that the policy can act. */
const MAX_VISIT_MS = 10_000;
/** While the switch runs a visit waits for its end, but not longer than this. */
const QUIET_SWITCH_MS = 10_000;

export interface VisitDeps {
  state(): DriverState;
  /** Returns its unsubscribe. */
  onChange(fn: () => void): () => void;
  /** The figures of this very moment, for the visit with this number. */
  look(visit: number): Promise<RoundSample>;
}

/** The workflow's visits to the driver. What a visit brought home is kept: its answer may be lost on the way. */
export class Visits {
  readonly #deps: VisitDeps;
  readonly #samples: RoundSample[] = [];

  constructor(deps: VisitDeps) {
    this.#deps = deps;
  }

  /** Returns after the next round (or second) the caller has not seen, or at once when copying is over. */
  async next(seenVisits: number, signal: AbortSignal, onFigures: (sample: RoundSample) => void): Promise<PrecopyVisit> {
    const stored = this.#samples[seenVisits];
    if (stored !== undefined && this.#deps.state().kind === 'copying') return { kind: 'round', sample: stored };
    const begunAtMs = performance.now();
    const { round: firstRound = 0, heldBecause: wasHeld } = this.#samples.at(-1) ?? {};
    let latest: RoundSample | null = null;
    const pauseFor = (intervalMs: number): Promise<void> => pause({ intervalMs, signal, wake: (fn) => this.#deps.onChange(fn) });
    for (;;) {
      const state = this.#deps.state();
      if (state.kind === 'ended') return { kind: 'ended', cause: state.cause, sample: latest };
      // A visit that comes when all is over brings the last figures all the same: nobody else will.
      if (state.kind === 'switched') return { kind: 'switching', sample: latest ?? await this.#deps.look(seenVisits + 1).catch(() => null) };
      if (state.kind !== 'copying') {
        // A return would wake worker, server and workflow, and take their time from the guest's blackout.
        await pauseFor(QUIET_SWITCH_MS);
        if (this.#deps.state().kind === 'switching') return { kind: 'switching', sample: latest };
        continue;
      }
      const sample = await this.#deps.look(seenVisits + 1);
      latest = sample;
      onFigures(sample);
      const visitMs = performance.now() - begunAtMs;
      const isNews = sample.round > firstRound || (sample.heldBecause !== undefined) !== (wasHeld !== undefined);
      if (visitMs >= MAX_VISIT_MS || (visitMs >= MIN_VISIT_MS && isNews)) {
        this.#samples[seenVisits] = sample;
        return { kind: 'round', sample };
      }
      await pauseFor(FIGURES_INTERVAL_MS);
    }
  }
}
