import type { NextStep, RoundSample } from '../convergence/sample.js';
import type { Phase } from './phase.js';
import type { MigrationReport } from './report.js';

/** Answer of the `progress` query. */
export interface MigrationProgress {
  readonly vmid: number;
  readonly source: string | null;
  readonly target: string;
  readonly phase: Phase;
  readonly detail: string;
  readonly lastSample: RoundSample | null;
  readonly lastStep: NextStep | null;
  readonly waitingFor: string | null;
  readonly report: MigrationReport | null;
}

/** Heartbeat details of a node activity that stands still: why. */
export interface LiveNote {
  readonly note: string;
}

/** Heartbeat details of a node activity: the live figures between two visits. */
export interface LiveFigures extends Partial<LiveNote> {
  readonly phase: Phase;
  readonly doneBytes: number;
  readonly totalBytes: number;
  readonly remainingBytes: number;
  readonly rateBytesPerSecond: number;
  readonly dirtyBytesPerSecond: number;
  readonly round: number;
  readonly etaSeconds: number | null;
}
