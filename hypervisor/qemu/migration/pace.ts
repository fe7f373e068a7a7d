import type { HandoffClient } from '../../transport/handoff/client.js';
import type { Monitor } from '../qmp/monitor.js';
import { bandwidthParameter, HOLD_BYTES_PER_SECOND } from './settings.js';

/**
 * How fast memory may be copied: within the budget, or held while a switch could not be decided. Holding by bandwidth is
 * the only way to keep QEMU from switching by itself (docs/handover.md).
 */
export class Pace {
  readonly #monitor: Monitor;
  readonly #handoff: HandoffClient;
  #bytesPerSecond: number | null;
  #undecidable: string | null = null;
  readonly #stops: (() => void)[];

  constructor(monitor: Monitor, handoff: HandoffClient, bytesPerSecond: number | null, copying: () => boolean) {
    this.#monitor = monitor;
    this.#handoff = handoff;
    this.#bytesPerSecond = bytesPerSecond;
    const follow = (): void => {
      if (copying()) void this.apply().catch(() => undefined);
    };
    this.#stops = [handoff.onLost(follow), handoff.onArmed(follow)];
  }

  get bytesPerSecond(): number | null {
    return this.#bytesPerSecond;
  }

  /** Why the stream is held; null: it runs. */
  get heldBecause(): string | null {
    return this.#undecidable ?? (this.#handoff.armed ? null : 'the target agent does not answer, so it could not commit');
  }

  async set(bytesPerSecond: number | null): Promise<void> {
    this.#bytesPerSecond = bytesPerSecond;
    await this.apply();
  }

  /** `reason`: why no decision could be written now; null: it could. */
  async holdWhile(reason: string | null): Promise<void> {
    if (reason === this.#undecidable) return;
    this.#undecidable = reason;
    await this.apply();
  }

  async apply(): Promise<void> {
    await this.#monitor.migrateSetParameters({ 'max-bandwidth': this.heldBecause === null ? bandwidthParameter(this.#bytesPerSecond) : HOLD_BYTES_PER_SECOND });
  }

  dispose(): void {
    for (const stop of this.#stops) stop();
  }
}
