import type { Phase } from '../../domain/contracts/phase.js';
import type { FailpointAction, FailpointName } from '../../domain/failpoints.js';
import type { GuestName, Setup } from './cluster.js';
import type { Expected, FaultName } from './faults.js';

/** What has to happen first, so that a migration comes by where it otherwise does not. */
export interface Prelude {
  readonly at: FailpointName;
  /** `cancel`: it is held there and cancelled. */
  readonly action: FailpointAction | 'cancel';
}

/** One case: a fault, struck while the migration is at one place. */
export interface Row {
  readonly name: string;
  readonly phase: Phase;
  readonly at: FailpointName;
  /** `kill` and `error` strike the process that comes by; every other fault strikes while that process is held. */
  readonly fault: FaultName | 'kill' | 'error';
  readonly preludes: readonly Prelude[];
  readonly guest: GuestName;
  readonly setup: Setup;
  readonly transport: 'secure' | 'tls';
  readonly expected: Expected;
  /** Part of `make matrix-cut`. */
  readonly cut: boolean;
}
