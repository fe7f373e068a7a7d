import type { LiveFigures } from '../domain/contracts/progress.js';
import type { RoundSample } from '../domain/convergence/sample.js';

/** Heartbeat details while disks are copied. */
export function copyFigures(progress: { readonly doneBytes: number; readonly totalBytes: number; readonly trouble?: string | null }, elapsedMs: number): LiveFigures {
  const rate = elapsedMs > 0 ? Math.round((progress.doneBytes * 1000) / elapsedMs) : 0;
  const remaining = Math.max(0, progress.totalBytes - progress.doneBytes);
  return {
    phase: 'diskSync', doneBytes: progress.doneBytes, totalBytes: progress.totalBytes, remainingBytes: remaining,
    rateBytesPerSecond: rate, dirtyBytesPerSecond: 0, round: 0, etaSeconds: rate > 0 ? Math.ceil(remaining / rate) : null,
    ...noteOf(progress.trouble),
  };
}

/** Heartbeat details while memory is copied. */
export function memoryFigures(sample: RoundSample, etaSeconds: number | null): LiveFigures {
  return {
    phase: 'precopy', doneBytes: sample.transferredBytes, totalBytes: sample.totalBytes, remainingBytes: sample.remainingBytes,
    rateBytesPerSecond: sample.bandwidthBytesPerSecond, dirtyBytesPerSecond: sample.dirtyBytesPerSecond, round: sample.round, etaSeconds,
    ...noteOf(sample.heldBecause),
  };
}

const noteOf = (note: string | null | undefined): { readonly note?: string } => (note === null || note === undefined ? {} : { note });
