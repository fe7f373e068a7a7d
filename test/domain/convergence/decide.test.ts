import fc from 'fast-check';
import { decideNextStep } from '../../../domain/convergence/decide.js';
import type { RoundSample } from '../../../domain/convergence/sample.js';
import { MIB } from '../../../domain/units.js';
import { policy, rounds, sample } from './samples.js';

const decide = (samples: readonly RoundSample[]) => decideNextStep({ policy, samples });

describe('the convergence policy', () => {
  test('starts with the first limit, within the budget', () => {
    expect(decide([])).toEqual({ action: 'start', downtimeLimitMs: 100, reason: 'first round: downtime limit 100 ms, budget 300 ms, deadline 60 s' });
    expect(decideNextStep({ policy: { ...policy, downtimeBudgetMs: 40 }, samples: [] })).toMatchObject({ action: 'start', downtimeLimitMs: 40 });
  });

  test.each<[string, readonly RoundSample[], string, number | undefined]>([
    ['the first round', rounds([500]), 'continue', undefined],
    ['a round that shrinks', rounds([500, 100]), 'continue', undefined],
    ['a round that does not shrink', rounds([500, 100, 100]), 'raise-downtime-limit', 200],
    ['a round that does not shrink, at the first limit', rounds([500, 100, 100], { downtimeLimitMs: 25 }), 'raise-downtime-limit', 100],
    ['a round that grows', rounds([500, 100, 150]), 'raise-downtime-limit', 200],
    ['a round that shrinks by a hair', rounds([500, 100, 97]), 'raise-downtime-limit', 200],
    ['doubling stops at the budget', rounds([500, 100, 100], { downtimeLimitMs: 200 }), 'raise-downtime-limit', 300],
    ['the budget is used up', rounds([500, 100, 100], { downtimeLimitMs: 300 }), 'continue', undefined],
    ['still inside a round that did not shrink', [...rounds([500, 100, 100]), sample({ visit: 4, round: 3, remainingBytes: 90 * MIB })], 'continue', undefined],
    ['inside a long first round', [sample({ remainingBytes: 400 * MIB }), sample({ visit: 2, remainingBytes: 400 * MIB })], 'continue', undefined],
    ['the operator lowered the budget below the limit', rounds([500, 100], { downtimeLimitMs: 900 }), 'raise-downtime-limit', 300],
    ['the deadline', [...rounds([500, 100]), sample({ visit: 3, round: 3, elapsedMs: 60_000, remainingBytes: MIB })], 'abort', undefined],
    ['past the deadline within the first round', [sample({ elapsedMs: 61_000 })], 'abort', undefined],
  ])('%s', (_title, samples, action, downtimeLimitMs) => {
    expect(decide(samples)).toMatchObject({ action, ...(downtimeLimitMs === undefined ? {} : { downtimeLimitMs }) });
  });

  test('an abort carries the figures', () => {
    const last = sample({ round: 32, elapsedMs: 60_500, remainingBytes: 50 * MIB, bandwidthBytesPerSecond: 60 * MIB, dirtyBytesPerSecond: 80 * MIB, expectedDowntimeMs: 820, downtimeLimitMs: 300, cpuThrottlePercent: 80 });
    expect(decide([last]).reason).toBe(
      'memory did not converge within the deadline of 60 s: the guest dirties 80.0 MiB/s, 60.0 MiB/s are copied, 50.0 MiB remain after 32 rounds; ' +
        'the guest would stand still for 820 ms, the budget is 300 ms; the guest is throttled by 80 %, the maximum',
    );
  });

  test('says when nothing is left to try, but does not give up before the deadline', () => {
    const step = decide(rounds([500, 100, 100, 101, 102], { downtimeLimitMs: 300, cpuThrottlePercent: 80 }));
    expect(step.action).toBe('continue');
    expect(step.reason).toContain('no progress for 3 rounds, downtime budget of 300 ms used up');
    expect(step.reason).toContain('nothing is left to try; unless the guest calms down, the deadline ends this in 55.0 s');
  });

  test('a raise names both rounds and both limits', () => {
    expect(decide(rounds([500, 23, 24])).reason).toContain(
      'round 3 has 24.0 MiB to copy, no less than the 23.0 MiB of the round before: downtime limit raised from 100 ms to 200 ms (budget 300 ms)',
    );
  });
});

describe('for any guest', () => {
  const guest = fc.array(fc.record({ roundStep: fc.integer({ min: 0, max: 3 }), remainingBytes: fc.integer({ min: 0, max: 2 ** 36 }), throttle: fc.integer({ min: 0, max: 99 }), spentMs: fc.integer({ min: 1, max: 10_000 }) }), { minLength: 1, maxLength: 60 });
  const anyPolicy = fc.record({ initialDowntimeLimitMs: fc.integer({ min: 1, max: 5000 }), downtimeBudgetMs: fc.integer({ min: 1, max: 5000 }), deadlineSeconds: fc.integer({ min: 1, max: 100 }), maxCpuThrottlePercent: fc.integer({ min: 1, max: 99 }) });

  test('the limit never exceeds the budget, every step has its reason, and it ends with the deadline', () => {
    fc.assert(
      fc.property(anyPolicy, guest, (thePolicy, visits) => {
        const samples: RoundSample[] = [];
        let step = decideNextStep({ policy: thePolicy, samples });
        let downtimeLimitMs = 0;
        for (const { roundStep, remainingBytes, throttle, spentMs } of visits) {
          if ('downtimeLimitMs' in step) downtimeLimitMs = step.downtimeLimitMs;
          expect(downtimeLimitMs).toBeGreaterThan(0);
          expect(downtimeLimitMs).toBeLessThanOrEqual(thePolicy.downtimeBudgetMs);
          const before = samples.at(-1);
          const elapsedMs = (before?.elapsedMs ?? 0) + spentMs;
          samples.push(sample({ visit: samples.length + 1, round: (before?.round ?? 1) + roundStep, elapsedMs, remainingBytes, downtimeLimitMs, cpuThrottlePercent: throttle }));
          step = decideNextStep({ policy: thePolicy, samples });
          expect(step.reason).toMatch(/\d/);
          expect(step.action === 'abort').toBe(elapsedMs >= thePolicy.deadlineSeconds * 1000);
          if (step.action === 'abort') return;
        }
      }),
    );
  });
});
