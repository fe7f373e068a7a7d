import type { RoundSample } from './sample.js';

export interface Trend {
  /** The last sample opens a round that has no less to copy than the round before it. */
  readonly newRoundNotSmaller: boolean;
  /** What the last two rounds began with, bytes. */
  readonly roundBytes: number;
  readonly previousRoundBytes: number | null;
  /** How many rounds in a row, up to the last one, were not smaller than the one before. */
  readonly roundsWithoutProgress: number;
}

/** A round has to be at least this much smaller than the one before to count as progress: dirty counts jitter. */
const PROGRESS = 0.95;

/**
 * Compares rounds by what each began with: within a round the remainder always falls, so only its first sample, taken right
 * after the dirty pages were counted, says whether copying gains on the guest. `samples` must not be empty.
 */
export function readTrend(samples: readonly RoundSample[]): Trend {
  const starts = roundStarts(samples);
  const sizes = starts.map(({ remainingBytes }) => remainingBytes);
  const roundBytes = sizes.at(-1) ?? 0;
  const previousRoundBytes = sizes.at(-2) ?? null;
  const opensRound = starts.at(-1) === samples.at(-1);
  const stuck = previousRoundBytes !== null && notSmaller(roundBytes, previousRoundBytes);
  return { newRoundNotSmaller: opensRound && stuck, roundBytes, previousRoundBytes, roundsWithoutProgress: countStuck(sizes) };
}

const notSmaller = (now: number, before: number): boolean => now >= before * PROGRESS;

function countStuck(sizes: readonly number[]): number {
  let count = 0;
  for (let i = sizes.length - 1; i > 0 && notSmaller(sizes[i] ?? 0, sizes[i - 1] ?? 0); i -= 1) count += 1;
  return count;
}

function roundStarts(samples: readonly RoundSample[]): RoundSample[] {
  return samples.filter((sample, i) => sample.round !== samples[i - 1]?.round);
}
