import { FIRST_RAISE_MS, type ConvergencePolicy } from './policy.js';
import { describeProgress, explainAbort, explainContinue, explainRaise } from './reasons.js';
import type { NextStep, RoundSample } from './sample.js';
import { readTrend } from './trend.js';

export interface ConvergenceState {
  readonly policy: ConvergencePolicy;
  readonly samples: readonly RoundSample[];
}

/**
 * The default policy, after each visit:
 * - the deadline is over: abort, with the figures;
 * - the limit in force is above the budget (the operator lowered it): back to the budget;
 * - a new round begins with no less to copy than the last one: raise the limit to where PVE begins, from there on double it, as PVE
 *   does, but never above the budget;
 * - otherwise go on: QEMU switches by itself as soon as what remains fits the limit.
 * It does not give up before the deadline: a guest may calm down. When nothing is left to try, the reason says so.
 */
export function decideNextStep({ policy, samples }: ConvergenceState): NextStep {
  const last = samples.at(-1);
  if (last === undefined) return start(policy);
  const trend = readTrend(samples);
  if (last.elapsedMs >= policy.deadlineSeconds * 1000) return { action: 'abort', reason: explainAbort(policy, last) };
  const budgetMs = policy.downtimeBudgetMs;
  if (last.downtimeLimitMs > budgetMs) {
    const reason = `the downtime limit of ${last.downtimeLimitMs} ms is above the budget of ${budgetMs} ms: set back to it; ${describeProgress(last)}`;
    return { action: 'raise-downtime-limit', downtimeLimitMs: budgetMs, reason };
  }
  if (trend.newRoundNotSmaller && last.downtimeLimitMs < budgetMs) {
    const downtimeLimitMs = Math.min(budgetMs, Math.max(FIRST_RAISE_MS, last.downtimeLimitMs * 2));
    return { action: 'raise-downtime-limit', downtimeLimitMs, reason: explainRaise(policy, last, trend, downtimeLimitMs) };
  }
  return { action: 'continue', reason: explainContinue(policy, last, trend) };
}

function start(policy: ConvergencePolicy): NextStep {
  const downtimeLimitMs = Math.min(policy.initialDowntimeLimitMs, policy.downtimeBudgetMs);
  const reason = `first round: downtime limit ${downtimeLimitMs} ms, budget ${policy.downtimeBudgetMs} ms, deadline ${policy.deadlineSeconds} s`;
  return { action: 'start', downtimeLimitMs, reason };
}
