import type { SwitchoverResult, TargetEndpoints } from '../../domain/contracts/activities.js';
import type { RoundSample } from '../../domain/convergence/sample.js';

const MIB = 2 ** 20;

/** A guest that converges: half of the rest in each round. */
export const sampleOf = (visit: number): RoundSample => ({
  visit, round: visit, elapsedMs: visit * 100, remainingBytes: (512 * MIB) / 2 ** visit, transferredBytes: 512 * MIB, totalBytes: 512 * MIB,
  bandwidthBytesPerSecond: 1000 * MIB, dirtyBytesPerSecond: 20 * MIB, expectedDowntimeMs: 500 / 2 ** visit, downtimeLimitMs: 100, cpuThrottlePercent: 0,
});

export const endpoints: TargetEndpoints = {
  ram: { kind: 'unix', path: '/run/ram' }, nbd: null, handoff: { kind: 'unix', path: '/run/handoff' }, exports: [],
};

export const switchoverResult: SwitchoverResult = {
  qemuDowntimeMs: 40, qemuTotalMs: 900, setupMs: 3,
  blackout: { stopMs: 2, mirrorFinishMs: 3, finalStateMs: 20, handoverMs: 2, commitMs: 5, resumeMs: 3, totalMs: 40 },
  ramBytes: 600 * MIB, diskBytes: 1024 * MIB, rounds: 3, pageBytes: 4096,
};

export const commitTimes = { commitMs: 5, resumeMs: 3, committedAt: '2030-01-01T00:00:00.000Z' };
