import type { ColdEndpoints } from '../../domain/contracts/cold.js';
import type { ColdPlan } from '../../domain/contracts/plan.js';
import type { JournalEntry } from '../../domain/contracts/ports.js';

/**
 * What the source's journal says of a cold move, folded. States in order:
 * opened (with the plan) → channels → copying → snapshots (one for each volume that has any) → copied → stopping → (restarted | handed-over → verified) → (closed: cleaned | rolled-back).
 */
export interface ColdSourceMemory {
  readonly plan: ColdPlan | null;
  readonly endpoints: ColdEndpoints | null;
  /** The guest was told to stop for this move. */
  readonly stopping: boolean;
  /** … and was started again here, so there is nothing to hand over. */
  readonly restarted: boolean;
  readonly handedOver: boolean;
  /** After the commit: what the target received is what is here, so it may be freed. */
  readonly verified: boolean;
  readonly bandwidthBytesPerSecond: number | null | undefined;
  readonly lastState: string | null;
}

export function foldColdSource(entry: JournalEntry): ColdSourceMemory {
  const last = (key: string): unknown => entry.records.findLast((record) => record.data[key] !== undefined)?.data[key];
  const has = (state: string): boolean => entry.records.some((record) => record.state === state);
  return {
    plan: (last('plan') as ColdPlan | undefined) ?? null,
    endpoints: (last('endpoints') as ColdEndpoints | undefined) ?? null,
    stopping: has('stopping'),
    restarted: has('restarted'),
    handedOver: has('handed-over'),
    verified: has('verified'),
    bandwidthBytesPerSecond: last('bandwidthBytesPerSecond') as number | null | undefined,
    lastState: entry.records.at(-1)?.state ?? null,
  };
}
