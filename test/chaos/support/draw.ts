import fc from 'fast-check';
import type { MigrationType } from '../../../domain/contracts/request.js';

export const FAULTS = [
  'kill source agent', 'kill target agent', 'kill control worker', 'kill Temporal', 'kill ssh child', 'kill target QEMU', 'freeze source node', 'freeze target node',
  'cut migration network', 'cut management network', 'cut both networks', 'cluster files read-only', 'slow migration network', 'cancel', 'stop target agent', 'crash target node',
] as const;
export type FaultKind = (typeof FAULTS)[number];

export interface DrawnMove {
  /** How many nodes further; the guest's present node is 0. */
  readonly hop: number;
  readonly transport: MigrationType;
}

export interface DrawnFault {
  readonly kind: FaultKind;
  /** Index of the move whose source or target it hits. */
  readonly of: number;
  /** From the start of the round. */
  readonly afterMs: number;
  /** Of a fault that is healed again. */
  readonly lastsMs: number;
}

/** What happens in one round: every guest moves at once, and faults hit on the way. */
export interface DrawnRound {
  readonly moves: readonly DrawnMove[];
  readonly faults: readonly DrawnFault[];
}

/** Rounds without end, the same for the same seed. */
export function drawRounds(seed: number, guests: number, nodes: number): (index: number) => DrawnRound {
  const move = fc.record<DrawnMove>({ hop: fc.integer({ min: 1, max: nodes - 1 }), transport: fc.constantFrom('secure', 'insecure', 'tls') });
  const fault = fc.record<DrawnFault>({
    kind: fc.constantFrom(...FAULTS), of: fc.nat({ max: guests - 1 }), afterMs: fc.integer({ min: 0, max: 12_000 }), lastsMs: fc.integer({ min: 500, max: 12_000 }),
  });
  const round = fc.record<DrawnRound>({ moves: fc.array(move, { minLength: guests, maxLength: guests }), faults: fc.array(fault, { minLength: 1, maxLength: 3 }) });
  return (index) => {
    const [drawn] = fc.sample(round, { seed: seed * 100_003 + index, numRuns: 1 });
    if (drawn === undefined) throw new Error('nothing was drawn');
    return drawn;
  };
}
