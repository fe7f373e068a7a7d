import type { BlackoutSplit } from './activities.js';
import type { DowntimeSplit, VolumeSync } from './cold.js';
import type { Refusal } from './plan.js';
import type { NextStep, RoundSample } from '../convergence/sample.js';
import type { Phase } from './phase.js';

export interface RoundRecord {
  readonly sample: RoundSample;
  readonly step: NextStep;
}

/** The record of one migration: result of the workflow, and details of its failure. */
export interface MigrationReport {
  readonly vmid: number;
  /** Absent: a VM. */
  readonly kind?: 'lxc';
  readonly name: string;
  readonly source: string | null;
  readonly target: string;
  readonly epoch: string;
  readonly workflowId: string;
  readonly outcome: 'migrated' | 'rolled-back' | 'refused' | 'cancelled';
  /** Why it ended so; for `migrated` a summary sentence. */
  readonly reason: string;
  readonly requestedBy: string;
  readonly requestReason: string | null;
  readonly transport: string | null;
  readonly network: string | null;
  readonly startedAt: string;
  readonly endedAt: string;
  readonly totalMs: number;
  /** Time spent per phase, ms, in order. */
  readonly phases: readonly { readonly phase: Phase; readonly elapsedMs: number }[];
  readonly rounds: readonly RoundRecord[];
  readonly bytes: { readonly ram: number; readonly disks: number } | null;
  readonly qemuDowntimeMs: number | null;
  readonly qemuTotalMs: number | null;
  readonly blackout: BlackoutSplit | null;
  /** Cold moves: what was copied, and the time the guest was down for it (null: it was stopped before). Absent from live ones. */
  readonly volumes?: readonly VolumeSync[];
  readonly downtime?: DowntimeSplit | null;
  readonly refusals: readonly Refusal[];
  readonly warnings: readonly string[];
  /** Things that had to be repaired or waited for on the way, in order. */
  readonly incidents: readonly string[];
  /** It does not run: not on the source as before, or not on the target it belongs to now. What became of it, and what to do. */
  readonly guestTrouble?: string;
}
