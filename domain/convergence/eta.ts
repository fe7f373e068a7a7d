import type { RoundSample } from './sample.js';

/** Weight of the newest sample: a few visits old figures hardly count any more. */
const WEIGHT = 0.5;

/**
 * Seconds until what remains fits the downtime limit, from smoothed rates; null: not at this pace (the guest dirties as fast
 * as memory is copied), or nothing is known yet.
 */
export function estimateEtaSeconds(samples: readonly RoundSample[]): number | null {
  const last = samples.at(-1);
  if (last === undefined) return null;
  const bandwidth = smooth(samples.map(({ bandwidthBytesPerSecond }) => bandwidthBytesPerSecond));
  const dirty = smooth(samples.map(({ dirtyBytesPerSecond }) => dirtyBytesPerSecond));
  const fitsBytes = (bandwidth * last.downtimeLimitMs) / 1000;
  if (bandwidth > 0 && last.remainingBytes <= fitsBytes) return 0;
  return etaSeconds(last.remainingBytes - fitsBytes, bandwidth - dirty);
}

/** Seconds for `remainingBytes` at a steady rate; null: never. */
export function etaSeconds(remainingBytes: number, bytesPerSecond: number): number | null {
  if (remainingBytes <= 0) return 0;
  return bytesPerSecond > 0 ? Math.ceil(remainingBytes / bytesPerSecond) : null;
}

/** Exponential moving average, oldest first. */
function smooth(values: readonly number[]): number {
  return values.reduce((average, value, i) => (i === 0 ? value : average + WEIGHT * (value - average)), 0);
}
