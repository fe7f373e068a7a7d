import type { Volid } from '../ids.js';
import type { Endpoint } from './endpoint.js';
import type { GuestRunState } from './facts.js';

/** What the target made ready for a guest that stands still while it moves. */
export interface ColdEndpoints {
  /** Where volumes are sent to. */
  readonly copy: Endpoint;
  readonly handoff: Endpoint;
  readonly volumes: readonly VolumePlace[];
}

export interface VolumePlace {
  readonly volid: Volid;
  /** Its name on the target: the same unless that was taken. */
  readonly targetVolid: Volid;
}

/** In place of a digest: another format has other bytes, so what the guest sees was read and compared, all of it. */
export const COMPARED = 'compared';

/** What the passes over one volume came to. */
export interface VolumeSync {
  readonly volid: Volid;
  readonly targetVolid: Volid;
  /** Of the image, or of all files. */
  readonly sizeBytes: number;
  readonly sentBytes: number;
  /** What was there already. */
  readonly skippedBytes: number;
  /** Arrived damaged, or was under way when a connection ended. */
  readonly resentBytes: number;
  readonly elapsedMs: number;
  /** The same on both nodes, or `COMPARED`; null: not verified (yet). */
  readonly digest: string | null;
}

export interface VolumeSyncReport {
  readonly elapsedMs: number;
  readonly passes: number;
  readonly volumes: readonly VolumeSync[];
}

/** The parts of the time in which the guest was down, ms; each on one node's monotonic clock. */
export interface DowntimeSplit {
  /** Told to stop → stopped. */
  readonly stopMs: number;
  /** What had changed since the last pass, and its verification. */
  readonly deltaMs: number;
  /** Journal and HANDOVER. */
  readonly handoverMs: number;
  /** `committed` and config moved, on the target. */
  readonly commitMs: number;
  /** Started and found healthy, on the target. */
  readonly startMs: number;
  /** Told to stop → COMMITTED back at the source: an upper bound seen by one clock. */
  readonly totalMs: number;
}

export interface ColdSwitchResult {
  /** null: the guest was stopped before. */
  readonly downtime: DowntimeSplit | null;
  readonly volumes: readonly VolumeSync[];
  /** As the target saw its guest when it answered. */
  readonly targetState: GuestRunState;
}
