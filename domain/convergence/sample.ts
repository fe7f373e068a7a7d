/** One visit's figures: a round of memory, or a second of a long one. */
export interface RoundSample {
  /** Counts visits, from 1. */
  readonly visit: number;
  /** QEMU's `dirty-sync-count`. */
  readonly round: number;
  readonly elapsedMs: number;
  readonly remainingBytes: number;
  readonly transferredBytes: number;
  readonly totalBytes: number;
  readonly bandwidthBytesPerSecond: number;
  readonly dirtyBytesPerSecond: number;
  readonly expectedDowntimeMs: number;
  readonly downtimeLimitMs: number;
  readonly cpuThrottlePercent: number;
  /** The stream is held for now, for this reason. */
  readonly heldBecause?: string;
}

/** What the driver shall do next. Every step carries the sentence that explains it. */
export type NextStep =
  | { readonly action: 'start'; readonly downtimeLimitMs: number; readonly reason: string }
  | { readonly action: 'continue'; readonly reason: string }
  | { readonly action: 'raise-downtime-limit'; readonly downtimeLimitMs: number; readonly reason: string }
  | { readonly action: 'set-bandwidth'; readonly bandwidthBytesPerSecond: number | null; readonly reason: string }
  | { readonly action: 'abort'; readonly reason: string };
