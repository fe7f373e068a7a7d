import { defineQuery, defineUpdate } from '@temporalio/workflow';
import type { EvacuationProgress } from '../../domain/contracts/evacuation-progress.js';
import type { OperatorInput } from '../messages.js';

export const evacuationQuery = defineQuery<EvacuationProgress>('evacuation');

export interface GuestInput extends OperatorInput {
  readonly vmid: number;
}

export interface RetargetInput extends GuestInput {
  readonly target: string;
}

export interface ConcurrencyInput extends OperatorInput {
  readonly concurrency: number;
}

export interface BandwidthInput extends OperatorInput {
  readonly bwlimitKiBps: number;
}

export interface CancelInput extends OperatorInput {
  /** Guests that have left come home. */
  readonly bringBack?: boolean;
}

/** Each answers with a sentence on what it does from now on. */
export const EVACUATION_UPDATES = {
  approve: defineUpdate<string, [OperatorInput]>('approve'),
  pause: defineUpdate<string, [OperatorInput]>('pause'),
  resume: defineUpdate<string, [OperatorInput]>('resume'),
  setConcurrency: defineUpdate<string, [ConcurrencyInput]>('setConcurrency'),
  setBandwidth: defineUpdate<string, [BandwidthInput]>('setBandwidth'),
  skipGuest: defineUpdate<string, [GuestInput]>('skipGuest'),
  retryGuest: defineUpdate<string, [GuestInput]>('retryGuest'),
  retargetGuest: defineUpdate<string, [RetargetInput]>('retargetGuest'),
  stopAfterCurrent: defineUpdate<string, [OperatorInput]>('stopAfterCurrent'),
  cancelEvacuation: defineUpdate<string, [CancelInput]>('cancelEvacuation'),
} as const;
