import { ApplicationFailure, defineQuery, defineSignal, defineUpdate, setHandler } from '@temporalio/workflow';
import type { MigrationProgress } from '../domain/contracts/progress.js';
import type { Phase } from '../domain/contracts/phase.js';
import type { MigrationState } from './state.js';

export const progressQuery = defineQuery<MigrationProgress>('progress');
/** Changes how long the guest may stand still, ms. */
export const setDowntimeBudget = defineUpdate<void, [{ downtimeMs: number }]>('setDowntimeBudget');
/** Changes the bandwidth, KiB/s as PVE; 0: unlimited. */
export const setBandwidth = defineUpdate<void, [{ bwlimitKiBps: number }]>('setBandwidth');
/** As `setBandwidth`, from an evacuation to its migrations: where it makes no sense now, nothing happens. */
export const bandwidthSignal = defineSignal<[{ bwlimitKiBps: number }]>('bandwidth');

/** Who says it, for the record. */
export interface OperatorInput {
  readonly by?: string;
}

export interface ConfirmFencedInput extends OperatorInput {
  readonly node: string;
}

/** An operator's word that a node is off or has been rebooted; it stands for HANDOVER. */
export const confirmFenced = defineUpdate<string, [ConfirmFencedInput]>('confirmFenced');
/** Ends the current pause. */
export const retryNow = defineUpdate<string, [OperatorInput]>('retryNow');
/** Ends it in favour of the source, before the commit. */
export const giveUp = defineUpdate<string, [OperatorInput]>('giveUp');

export function installHandlers(state: MigrationState): void {
  setHandler(progressQuery, () => state.progress, { description: 'Phase, figures of the last round, what is waited for, and the report when it is over.' });
  setHandler(setDowntimeBudget, ({ downtimeMs }) => changeDowntimeBudget(state, downtimeMs), {
    description: 'Longest time the guest may stand still: {"downtimeMs": 500}. Counts from the next round.',
    validator: (input) => {
      requireNumber(input?.downtimeMs, 'downtimeMs', 1, 60_000);
      requireSteerable(state);
    },
  });
  setHandler(setBandwidth, ({ bwlimitKiBps }) => changeBandwidth(state, bwlimitKiBps), {
    description: 'Bandwidth in KiB/s, 0 for unlimited: {"bwlimitKiBps": 102400}. Counts from the next round.',
    validator: (input) => {
      requireNumber(input?.bwlimitKiBps, 'bwlimitKiBps', 0, MOST_KIB);
      requireSteerable(state);
    },
  });
  setHandler(bandwidthSignal, (input: unknown) => {
    const bwlimitKiBps = (input as { readonly bwlimitKiBps?: unknown } | null | undefined)?.bwlimitKiBps;
    if (isSteerable(state) && isWhole(bwlimitKiBps, 0, MOST_KIB)) changeBandwidth(state, bwlimitKiBps);
  }, { description: 'As the update setBandwidth, from the evacuation this migration is part of.' });
}

function changeDowntimeBudget(state: MigrationState, downtimeMs: number): void {
  if (state.policy === null) return;
  state.incident(`the operator changed the downtime budget from ${state.policy.downtimeBudgetMs} ms to ${downtimeMs} ms`);
  state.policy = { ...state.policy, downtimeBudgetMs: downtimeMs };
}

function changeBandwidth(state: MigrationState, bwlimitKiBps: number): void {
  state.incident(`the operator set the bandwidth to ${bwlimitKiBps === 0 ? 'unlimited' : `${bwlimitKiBps} KiB/s`}`);
  state.requestBandwidth(bwlimitKiBps === 0 ? null : bwlimitKiBps * 1024);
}

const MOST_KIB = Number.MAX_SAFE_INTEGER / 1024;
const STEERABLE: readonly Phase[] = ['reserving', 'diskSync', 'precopy'];

const isSteerable = (state: MigrationState): boolean => STEERABLE.includes(state.phase) && state.policy !== null;

function requireSteerable(state: MigrationState): void {
  if (!isSteerable(state)) {
    throw ApplicationFailure.nonRetryable(`change refused: migration of vm ${state.vmid}: it is in phase ${state.phase}`, 'InvalidInput');
  }
}

const isWhole = (value: unknown, minimum: number, maximum: number): value is number => typeof value === 'number' && Number.isInteger(value) && value >= minimum && value <= maximum;

function requireNumber(value: unknown, name: string, minimum: number, maximum: number): void {
  if (!isWhole(value, minimum, maximum)) {
    throw ApplicationFailure.nonRetryable(`change refused: ${name}: a whole number from ${minimum} to ${maximum} is needed`, 'InvalidInput');
  }
}
