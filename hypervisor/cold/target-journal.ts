import type { ColdEndpoints } from '../../domain/contracts/cold.js';
import type { ColdPlan } from '../../domain/contracts/plan.js';
import type { JournalEntry } from '../../domain/contracts/ports.js';
import type { Volid } from '../../domain/ids.js';

/**
 * What the target's journal says of a cold move, folded. States in order:
 * opened (with the plan) → volume (one for each) → armed → ready → (whole | touched)* → starting → running | returning → (closed).
 */
export interface ColdTargetMemory {
  readonly plan: ColdPlan | null;
  /** Source volid → target volid. */
  readonly places: ReadonlyMap<Volid, Volid>;
  readonly endpoints: ColdEndpoints | null;
  /** Volumes that were proved the same on both nodes and not written since. */
  readonly whole: ReadonlySet<Volid>;
  readonly running: boolean;
  /** The guest did not come up and goes back to its source. Why. */
  readonly returning: string | null;
  readonly lastState: string | null;
}

export function foldColdTarget(entry: JournalEntry): ColdTargetMemory {
  const last = (key: string): unknown => entry.records.findLast((record) => record.data[key] !== undefined)?.data[key];
  const has = (state: string): boolean => entry.records.some((record) => record.state === state);
  const whole = new Set<Volid>();
  for (const { state, data } of entry.records) {
    if (state === 'whole') whole.add(data['volid'] as Volid);
    if (state === 'touched') whole.delete(data['volid'] as Volid);
  }
  const volumes = entry.records.filter(({ state }) => state === 'volume').map(({ data }) => [data['volid'] as Volid, data['targetVolid'] as Volid] as const);
  return {
    plan: (last('plan') as ColdPlan | undefined) ?? null,
    places: new Map(volumes),
    endpoints: (last('endpoints') as ColdEndpoints | undefined) ?? null,
    whole,
    running: has('running'),
    returning: (entry.records.find(({ state }) => state === 'returning')?.data['reason'] as string | undefined) ?? null,
    lastState: entry.records.at(-1)?.state ?? null,
  };
}

export const isWhole = ({ plan, whole }: Pick<ColdTargetMemory, 'plan' | 'whole'>): boolean => plan?.volumes.every(({ volid }) => whole.has(volid)) ?? false;
