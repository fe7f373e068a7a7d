import type { RoundSample } from '../../../domain/convergence/sample.js';
import type { ConvergencePolicy } from '../../../domain/convergence/policy.js';
import { MIB } from '../../../domain/units.js';

export const policy: ConvergencePolicy = { initialDowntimeLimitMs: 100, downtimeBudgetMs: 300, deadlineSeconds: 60, maxCpuThrottlePercent: 80 };

export function sample(change: Partial<RoundSample> = {}): RoundSample {
  return {
    visit: 1, round: 1, elapsedMs: 1000, remainingBytes: 100 * MIB, transferredBytes: 400 * MIB, totalBytes: 512 * MIB,
    bandwidthBytesPerSecond: 100 * MIB, dirtyBytesPerSecond: 20 * MIB, expectedDowntimeMs: 1000, downtimeLimitMs: 100, cpuThrottlePercent: 0, ...change,
  };
}

/** One sample for each round, with what it began with (MiB). */
export const rounds = (remainingMiB: readonly number[], change: Partial<RoundSample> = {}): RoundSample[] =>
  remainingMiB.map((mib, i) => sample({ visit: i + 1, round: i + 1, elapsedMs: (i + 1) * 1000, remainingBytes: mib * MIB, ...change }));
