import { ApplicationFailure } from '@temporalio/common';
import type { ErrorCode } from '../../domain/errors.js';

/** One thing that goes wrong, once: at the `visit`-th call of `activity` (default the first). */
export interface Fault {
  /** `source.precopy`, `target.armTarget`, `cluster.lockGuest`, … */
  readonly activity: string;
  /** `mute`: the call stops its heartbeats and never returns. `away`: the node's agent goes down at this call and stays away until it is brought back. */
  readonly when: 'before' | 'after' | 'away' | 'mute';
  readonly visit?: number;
  readonly code?: ErrorCode;
}

/** Where the agents break in the middle of the switch, between two activities. */
export type SwitchFault = 'none' | 'handover-lost' | 'target-copy-lost' | 'target-died';

export class Faults {
  readonly #calls = new Map<string, number>();
  readonly #open: Fault[];

  constructor(faults: readonly Fault[]) {
    this.#open = [...faults];
  }

  /** Counts a call; the fault that is due now, if any. */
  arrive(activity: string): Fault | null {
    const call = (this.#calls.get(activity) ?? 0) + 1;
    this.#calls.set(activity, call);
    const index = this.#open.findIndex((fault) => fault.activity === activity && (fault.visit ?? 1) <= call);
    return index < 0 ? null : (this.#open.splice(index, 1)[0] ?? null);
  }

  get pending(): readonly string[] {
    return this.#open.map(({ activity, when }) => `${activity} ${when}`);
  }
}

export const injected = ({ activity, when, code = 'Internal' }: Fault): ApplicationFailure =>
  ApplicationFailure.create({ type: code, message: `${activity} failed: injected ${when}`, nonRetryable: when !== 'away' });
