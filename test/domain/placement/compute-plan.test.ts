import fc from 'fast-check';
import { checkPlan } from '../../../domain/placement/check-plan.js';
import { computePlan } from '../../../domain/placement/compute-plan.js';
import { createHighsSolver } from '../../../workers/placement/highs-solver.js';
import { questions, tightQuestions } from './support/instances.js';
import { simulate } from './support/simulate.js';

const solve = createHighsSolver();
const none = (): Promise<null> => Promise.resolve(null);
const SEED = 20_261_127;
const TIGHT = tightQuestions();
const SIZES = { guests: 10, nodes: 5, bystanders: 8 };

describe('a plan', () => {
  it.each([
    ['with the solver', solve, questions(SIZES), 40], ['without one', none, questions(SIZES), 200],
    ['where room has to be made', solve, TIGHT, 40], ['where room has to be made without a solver', none, TIGHT, 200],
  ] as const)('%s breaks no rule, nor at any moment of any execution', async (title, how, instances, numRuns) => {
    let [moves, parked, waiting, partial] = [0, 0, 0, 0];
    await fc.assert(fc.asyncProperty(instances, fc.infiniteStream(fc.nat(1_000_000)), async (asked, numbers) => {
      const plan = await computePlan(asked, how);
      expect(checkPlan(plan, asked)).toEqual([]);
      for (let run = 0; run < 4; run += 1) expect(simulate(plan, asked, (n) => (numbers.next().value as number) % n)).toEqual([]);
      moves += plan.moves.length;
      parked += plan.moves.filter(({ parking }) => parking).length;
      waiting += plan.moves.filter(({ needs }) => needs.length > 0).length;
      partial += plan.stays.length > 0 ? 1 : 0;
    }), { seed: SEED, numRuns });
    console.log(`${title}, ${numRuns} plans: ${moves} moves, ${parked} of them to make room, ${waiting} that wait for others; ${partial} partial plans`);
    // A generator that never comes to what it is for proves nothing.
    expect(Math.min(moves, partial, ...(instances === TIGHT ? [parked, waiting] : []))).toBeGreaterThan(0);
  }, 60_000);
});
