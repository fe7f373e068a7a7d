import type { DiskExport, TargetEndpoints } from '../../../domain/contracts/activities.js';
import type { LivePlan } from '../../../domain/contracts/plan.js';
import type { JournalEntry } from '../../../domain/contracts/ports.js';
import type { DriveName, Volid } from '../../../domain/ids.js';

/**
 * What the target's journal says, folded. States in order:
 * opened (with the plan) → volume (one for each disk) and, beside them, incoming → armed → ready → running → (closed: finished | released).
 */
export interface TargetMemory {
  readonly plan: LivePlan | null;
  readonly volumes: ReadonlyMap<DriveName, Volid>;
  readonly incoming: boolean;
  readonly endpoints: TargetEndpoints | null;
  readonly armed: boolean;
  readonly running: boolean;
  readonly lastState: string | null;
}

export function foldTarget(entry: JournalEntry): TargetMemory {
  const last = (key: string): unknown => entry.records.findLast((record) => record.data[key] !== undefined)?.data[key];
  const has = (state: string): boolean => entry.records.some((record) => record.state === state);
  const volumes = entry.records.filter((r) => r.state === 'volume').map((r) => [r.data['drive'] as DriveName, r.data['volid'] as Volid] as const);
  return {
    plan: (last('plan') as LivePlan | undefined) ?? null,
    volumes: new Map(volumes),
    incoming: has('incoming'),
    endpoints: (last('endpoints') as TargetEndpoints | undefined) ?? null,
    armed: has('armed'),
    running: has('running'),
    lastState: entry.records.at(-1)?.state ?? null,
  };
}

export const exportsOf = (plan: LivePlan, volumes: ReadonlyMap<DriveName, Volid>): readonly DiskExport[] =>
  plan.disks.map((disk) => ({ drive: disk.drive, exportName: `drive-${disk.drive}`, volid: volumes.get(disk.drive) ?? '', format: disk.targetFormat }));
