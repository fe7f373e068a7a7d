import type { TargetEndpoints } from '../../../domain/contracts/activities.js';
import type { LivePlan } from '../../../domain/contracts/plan.js';
import type { Steered } from './driver-state.js';
import type { JournalEntry } from '../../../domain/contracts/ports.js';

/**
 * What the source's journal says, folded. States in order:
 * opened (with the plan) → channels → mirroring → mirrored → migrating (→ steered)* → handed-over → (closed: cleaned | rolled-back).
 */
export interface SourceMemory {
  readonly plan: LivePlan | null;
  readonly endpoints: TargetEndpoints | null;
  readonly mirroring: boolean;
  readonly copiedBytes: number;
  readonly migrating: boolean;
  readonly steered: Steered;
  readonly handedOver: boolean;
  readonly lastState: string | null;
}

export function foldSource(entry: JournalEntry): SourceMemory {
  const last = (key: string): unknown => entry.records.findLast((record) => record.data[key] !== undefined)?.data[key];
  const has = (state: string): boolean => entry.records.some((record) => record.state === state);
  return {
    plan: (last('plan') as LivePlan | undefined) ?? null,
    endpoints: (last('endpoints') as TargetEndpoints | undefined) ?? null,
    mirroring: has('mirroring'),
    copiedBytes: (last('copiedBytes') as number | undefined) ?? 0,
    migrating: has('migrating'),
    steered: Object.assign({}, ...entry.records.filter((record) => record.state === 'steered').map((record) => record.data)) as Steered,
    handedOver: has('handed-over'),
    lastState: entry.records.at(-1)?.state ?? null,
  };
}
