import { renderBytes, renderDuration, renderRate } from '../units.js';
import type { RoundSample } from './sample.js';
import type { ConvergencePolicy } from './policy.js';
import type { Trend } from './trend.js';

/** From here on it is said that nothing is left to try. */
const HOPELESS_ROUNDS = 3;

/** `round 4: 20.0 MiB remain, copied at …, dirtied at …, would stand still for 210 ms`. */
export function describeProgress(sample: RoundSample): string {
  return (
    `round ${sample.round}: ${renderBytes(sample.remainingBytes)} remain, ` +
    `copied at ${renderRate(sample.bandwidthBytesPerSecond)}, dirtied at ${renderRate(sample.dirtyBytesPerSecond)}, ` +
    `expected downtime ${downtime(sample)} (limit ${sample.downtimeLimitMs} ms)`
  );
}

export function explainContinue(policy: ConvergencePolicy, sample: RoundSample, trend: Trend): string {
  const parts = [describeProgress(sample)];
  if (sample.downtimeLimitMs >= policy.downtimeBudgetMs && trend.roundsWithoutProgress > 0) {
    parts.push(`no progress for ${countOf(trend.roundsWithoutProgress, 'round')}, downtime budget of ${policy.downtimeBudgetMs} ms used up`);
  }
  if (sample.cpuThrottlePercent > 0) parts.push(throttling(policy, sample));
  if (isHopeless(policy, sample, trend)) {
    const left = renderDuration(policy.deadlineSeconds * 1000 - sample.elapsedMs);
    parts.push(`nothing is left to try; unless the guest calms down, the deadline ends this in ${left}`);
  }
  return parts.join('; ');
}

export function explainRaise(policy: ConvergencePolicy, sample: RoundSample, trend: Trend, downtimeLimitMs: number): string {
  return (
    `round ${sample.round} has ${renderBytes(trend.roundBytes)} to copy, no less than the ${renderBytes(trend.previousRoundBytes ?? 0)} of the round before: ` +
    `downtime limit raised from ${sample.downtimeLimitMs} ms to ${downtimeLimitMs} ms (budget ${policy.downtimeBudgetMs} ms); ${describeProgress(sample)}`
  );
}

export function explainAbort(policy: ConvergencePolicy, sample: RoundSample): string {
  return (
    `memory did not converge within the deadline of ${policy.deadlineSeconds} s: ` +
    `the guest dirties ${renderRate(sample.dirtyBytesPerSecond)}, ${renderRate(sample.bandwidthBytesPerSecond)} are copied, ` +
    `${renderBytes(sample.remainingBytes)} remain after ${countOf(sample.round, 'round')}; ` +
    `the guest would stand still for ${downtime(sample)}, the budget is ${policy.downtimeBudgetMs} ms; ${throttling(policy, sample)}`
  );
}

function isHopeless(policy: ConvergencePolicy, sample: RoundSample, trend: Trend): boolean {
  return (
    sample.cpuThrottlePercent >= policy.maxCpuThrottlePercent &&
    sample.downtimeLimitMs >= policy.downtimeBudgetMs &&
    trend.roundsWithoutProgress >= HOPELESS_ROUNDS
  );
}

function throttling({ maxCpuThrottlePercent }: ConvergencePolicy, { cpuThrottlePercent }: RoundSample): string {
  if (cpuThrottlePercent === 0) return `the guest is not throttled (maximum ${maxCpuThrottlePercent} %)`;
  const atMaximum = cpuThrottlePercent >= maxCpuThrottlePercent;
  return `the guest is throttled by ${cpuThrottlePercent} %, ${atMaximum ? 'the maximum' : `maximum ${maxCpuThrottlePercent} %`}`;
}

/** QEMU's own estimate; in its absence, what remains at the measured bandwidth. */
function downtime({ expectedDowntimeMs, remainingBytes, bandwidthBytesPerSecond }: RoundSample): string {
  if (expectedDowntimeMs > 0) return renderDuration(expectedDowntimeMs);
  return bandwidthBytesPerSecond > 0 ? renderDuration((remainingBytes / bandwidthBytesPerSecond) * 1000) : 'unknown time';
}

const countOf = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;
