import type { DowntimeSplit } from '../../domain/contracts/cold.js';
import type { Committed } from '../handover/until-decided.js';

/** The downtime's parts on this node's monotonic clock. */
export class Stopwatch {
  #begunAtMs: number | null = null;
  #lastMs = 0;
  readonly #laps = { stop: 0, delta: 0 };

  begin(): void {
    this.#begunAtMs = performance.now();
    this.#lastMs = this.#begunAtMs;
  }

  lap(part: 'stop' | 'delta'): void {
    const nowMs = performance.now();
    this.#laps[part] = nowMs - this.#lastMs;
    this.#lastMs = nowMs;
  }

  /** null: this process has not seen the guest stop. */
  split({ answer, handedOverAtMs, answeredAtMs }: Committed): DowntimeSplit | null {
    if (this.#begunAtMs === null) return null;
    return {
      stopMs: round(this.#laps.stop), deltaMs: round(this.#laps.delta), handoverMs: round(handedOverAtMs - this.#lastMs),
      commitMs: answer.commitMs, startMs: answer.resumeMs, totalMs: round(answeredAtMs - this.#begunAtMs),
    };
  }
}

const round = (ms: number): number => Math.round(ms * 100) / 100;
