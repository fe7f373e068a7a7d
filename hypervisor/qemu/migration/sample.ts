import type { RoundSample } from '../../../domain/convergence/sample.js';
import type { MigrationInfo } from '../qmp/monitor.js';

/** Turns QEMU's figures into one visit's sample. Bandwidth is taken from `mbps` (megabits, qapi/migration.json). */
export function toRoundSample(info: MigrationInfo, visit: number, downtimeLimitMs: number, heldBecause: string | null): RoundSample {
  const ram = info.ram;
  const pageBytes = ram?.pageSize ?? 4096;
  return {
    visit,
    round: ram?.dirtySyncCount ?? 0,
    elapsedMs: info.totalTimeMs ?? 0,
    remainingBytes: ram?.remaining ?? 0,
    transferredBytes: ram?.transferred ?? 0,
    totalBytes: ram?.total ?? 0,
    bandwidthBytesPerSecond: Math.round(((ram?.mbps ?? 0) * 1e6) / 8),
    dirtyBytesPerSecond: (ram?.dirtyPagesRate ?? 0) * pageBytes,
    expectedDowntimeMs: info.expectedDowntimeMs ?? 0,
    downtimeLimitMs,
    cpuThrottlePercent: info.cpuThrottlePercentage ?? 0,
    ...(heldBecause === null ? {} : { heldBecause }),
  };
}
