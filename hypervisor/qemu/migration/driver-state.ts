import type { SwitchoverResult } from '../../../domain/contracts/activities.js';

/** Limits an operator or the policy changed while the stream ran; journaled, so that the next driver keeps them. */
export interface Steered {
  readonly downtimeLimitMs?: number;
  readonly bandwidthBytesPerSecond?: number | null;
}

export type DriverState =
  | { readonly kind: 'idle' }
  | { readonly kind: 'copying' }
  | { readonly kind: 'switching' }
  | { readonly kind: 'switched'; readonly result: SwitchoverResult }
  | { readonly kind: 'ended'; readonly cause: string; readonly code: 'MigrationFailed' | 'SwitchoverRefused' | 'SwitchoverFailed' };
