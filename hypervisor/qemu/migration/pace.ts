import { splitBudget } from '../../../domain/bandwidth.js';
import type { LivePlan } from '../../../domain/contracts/plan.js';
import type { HandoffClient } from '../../transport/handoff/client.js';
import type { Monitor } from '../qmp/monitor.js';
import { setMirrorBandwidth } from './mirror.js';
import { bandwidthParameter, HOLD_BYTES_PER_SECOND } from './settings.js';

export interface PaceDeps {
  readonly monitor: Monitor;
  readonly handoff: HandoffClient;
  readonly plan: LivePlan;
}

/**
 * How fast memory may be copied: within the budget, or held while a switch could not be decided. Holding by bandwidth is
 * the only way to keep QEMU from switching by itself (docs/handover.md).
 */
export class Pace {
  readonly #monitor: Monitor;
  readonly #handoff: HandoffClient;
  readonly #plan: LivePlan;
  #budgetBytesPerSecond: number | null;
  #undecidable: string | null = null;
  readonly #stops: (() => void)[];

  constructor({ monitor, handoff, plan }: PaceDeps, budgetBytesPerSecond: number | null, copying: () => boolean) {
    this.#monitor = monitor;
    this.#handoff = handoff;
    this.#plan = plan;
    this.#budgetBytesPerSecond = budgetBytesPerSecond;
    const follow = (): void => {
      if (copying()) void this.apply().catch(() => undefined);
    };
    this.#stops = [handoff.onLost(follow), handoff.onArmed(follow)];
  }

  /** Memory's share: the mirrors' writes count against the same budget. null: no limit. */
  get bytesPerSecond(): number | null {
    return splitBudget(this.#budgetBytesPerSecond, 'precopy', this.#plan.disks.length).ram;
  }

  /** Why the stream is held; null: it runs. */
  get heldBecause(): string | null {
    return this.#undecidable ?? (this.#handoff.armed ? null : 'the target agent does not answer, so it could not commit');
  }

  /** A new budget for memory and mirrors together. */
  async set(budgetBytesPerSecond: number | null): Promise<void> {
    this.#budgetBytesPerSecond = budgetBytesPerSecond;
    await this.apply();
    await setMirrorBandwidth(this.#monitor, this.#plan.disks, splitBudget(budgetBytesPerSecond, 'precopy', this.#plan.disks.length).perDisk);
  }

  /** `reason`: why no decision could be written now; null: it could. */
  async holdWhile(reason: string | null): Promise<void> {
    if (reason === this.#undecidable) return;
    this.#undecidable = reason;
    await this.apply();
  }

  async apply(): Promise<void> {
    await this.#monitor.migrateSetParameters({ 'max-bandwidth': this.heldBecause === null ? bandwidthParameter(this.bytesPerSecond) : HOLD_BYTES_PER_SECOND });
  }

  dispose(): void {
    for (const stop of this.#stops) stop();
  }
}
