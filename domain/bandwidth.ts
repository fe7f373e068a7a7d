import type { DatacenterConfig } from './cluster/datacenter-config.js';
import type { StorageConfig } from './cluster/storage-config.js';
import { KIB, MIB } from './units.js';

export interface BandwidthSources {
  /** The request's own limit: beats storages and datacenter; 0: unlimited. */
  readonly requestKiBps: number | undefined;
  /** Every storage that data is read from or written to. */
  readonly storages: readonly StorageConfig[];
  readonly datacenter: DatacenterConfig;
  /** `migrate_speed` of the guest's config, MB/s as PVE counts them (2^20 bytes); 0 or null: none. */
  readonly migrateSpeedMBps: number | null;
}

/**
 * The bandwidth of one migration in bytes per second, RAM and disks together; null: unlimited.
 * PVE's rules say which limits apply (`migration`, else `default`, of storages and datacenter; 0 is unlimited), the smallest
 * wins. PVE then gives the whole of it to each stream; here it is one budget.
 */
export function resolveBandwidth(sources: BandwidthSources): number | null {
  const { requestKiBps, migrateSpeedMBps } = sources;
  const configured = requestKiBps === undefined ? configuredLimits(sources) : [requestKiBps * KIB];
  const limits = [...configured, (migrateSpeedMBps ?? 0) * MIB].filter((limit) => limit > 0);
  return limits.length === 0 ? null : Math.max(1, Math.floor(Math.min(...limits)));
}

export interface BandwidthShares {
  /** For the RAM stream, bytes per second; null: unlimited. */
  readonly ram: number | null;
  readonly perDisk: number | null;
}

/**
 * Shares the budget out: while disks are copied they have all of it, in equal parts; ask again when one is done. While memory
 * is copied the mirrors only follow what the guest writes: an eighth of the budget between them, the rest for RAM.
 * The shares never add up to more than the budget; only one too small to be shared is rounded up, to 1 byte/s for each.
 */
export function splitBudget(budgetBytesPerSecond: number | null, phase: 'diskSync' | 'precopy', disks: number): BandwidthShares {
  if (budgetBytesPerSecond === null) return { ram: null, perDisk: null };
  if (disks === 0) return { ram: budgetBytesPerSecond, perDisk: budgetBytesPerSecond };
  const forDisks = phase === 'diskSync' ? budgetBytesPerSecond : budgetBytesPerSecond / 8;
  const perDisk = Math.max(1, Math.floor(forDisks / disks));
  return { perDisk, ram: Math.max(1, budgetBytesPerSecond - perDisk * disks) };
}

/**
 * Shares the budget among mirrors while disks are copied, bytes per second each: those that only follow what the guest writes
 * keep what they have while memory is copied, the busy ones have the rest.
 */
export function shareAmongMirrors(budgetBytesPerSecond: number, { busy, all }: { readonly busy: number; readonly all: number }): { readonly busy: number; readonly following: number } {
  const following = Math.max(1, Math.floor(budgetBytesPerSecond / 8 / all));
  const rest = budgetBytesPerSecond - following * (all - busy);
  return { following, busy: Math.max(1, Math.floor(rest / Math.max(1, busy))) };
}

function configuredLimits({ storages, datacenter }: BandwidthSources): number[] {
  const all = [...storages.map(({ bwlimitKiBps }) => bwlimitKiBps), datacenter.bwlimitKiBps];
  return all.map((limits) => (limits['migration'] ?? limits['default'] ?? 0) * KIB);
}
