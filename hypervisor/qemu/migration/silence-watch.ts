import { MigrationError } from '../../../domain/errors.js';
import type { LivePlan } from '../../../domain/contracts/plan.js';
import { judgeSilence } from '../../../domain/silence/judge.js';
import { silencePolicy } from '../../../domain/silence/policy.js';
import { observe, type Seen, type StreamNow } from '../../../domain/silence/seen.js';
import { renderDuration } from '../../../domain/units.js';
import type { HandoffClient } from '../../transport/handoff/client.js';

const LOOK_MS = 500;

export interface SilenceWatchOptions {
  readonly plan: LivePlan;
  readonly handoff: Pick<HandoffClient, 'heardAtMs'>;
  /** Asks QEMU what has moved. */
  look(): Promise<readonly StreamNow[]>;
  /** Called at most once: the migration has to be given up, for this reason. */
  onAbort(silence: MigrationError): void;
}

/** Looks twice a second whether the streams of one migration move and its target shows life; on duty until stopped. */
export class SilenceWatch {
  readonly #options: SilenceWatchOptions;
  #timer: NodeJS.Timeout | null = null;
  #seen: Seen | null = null;
  #streams: readonly StreamNow[] = [];
  #asking = false;
  #answeredAtMs = 0;
  #notice: string | null = null;

  constructor(options: SilenceWatchOptions) {
    this.#options = options;
  }

  /** What is silent now and since when; null: nothing is. */
  get notice(): string | null {
    return this.#notice;
  }

  start(): void {
    if (this.#timer !== null) return;
    this.#seen = null;
    this.#answeredAtMs = performance.now();
    this.#timer = setInterval(() => this.#tick(), LOOK_MS);
    this.#tick();
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    this.#notice = null;
  }

  #tick(): void {
    void this.#ask();
    const { plan, handoff } = this.#options;
    const policy = plan.silence ?? silencePolicy();
    this.#seen = observe(this.#seen, { atMs: performance.now(), streams: this.#streams, qemuAnsweredAtMs: this.#answeredAtMs, heardAtMs: handoff.heardAtMs });
    const { verdict, reason } = judgeSilence(this.#seen, policy, plan.target);
    this.#notice = verdict === 'alive' ? null : reason;
    if (verdict !== 'abort') return;
    this.stop();
    this.#options.onAbort(new MigrationError('TransportFailed', `${reason}; given up after ${renderDuration(policy.abortAfterMs)} of silence`));
  }

  /** One question at a time: a QEMU that hangs is seen by the age of its last answer. */
  async #ask(): Promise<void> {
    if (this.#asking) return;
    this.#asking = true;
    try {
      this.#streams = await this.#options.look();
      this.#answeredAtMs = performance.now();
    } catch {
      // A QEMU that is gone is told of by whoever drives it.
    } finally {
      this.#asking = false;
    }
  }
}
