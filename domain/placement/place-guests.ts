import type { EvacuationPlan } from '../contracts/evacuation.js';
import { costOf, isCheaper } from './cost.js';
import { greedyPlacement } from './greedy.js';
import { holds } from './layout.js';
import { placementModel, type Goal, type Solve } from './model.js';
import type { Placement, PlacementProblem } from './problem.js';

export interface Placed {
  readonly placement: Placement;
  readonly quality: EvacuationPlan['quality'];
}

/**
 * The best placement that can be found: as many guests as possible, then the cheapest. What the solver answers is checked, and taken only
 * where it is better than what was found without it.
 */
export async function placeGuests(problem: PlacementProblem, solve: Solve): Promise<Placed> {
  let best: Placed = { placement: greedyPlacement(problem), quality: 'greedy' };
  if (problem.blocks.every(({ stays }) => stays !== null)) return { ...best, quality: 'optimal' };
  const everybody = problem.blocks.reduce((sum, { stays, members }) => sum + (stays === null ? members.length : 0), 0);
  let proved = true;
  const improve = async (goal: Goal): Promise<boolean> => {
    const model = placementModel(problem, goal);
    const answer = await solve(model.text);
    const placement = answer === null ? null : model.read(answer.values);
    proved &&= answer?.proved === true;
    if (placement === null || !holds(problem, placement)) return false;
    const isBetter = isCheaper(costOf(problem, placement), costOf(problem, best.placement));
    best = { placement: isBetter ? placement : best.placement, quality: proved ? 'optimal' : 'feasible' };
    return true;
  };
  if (costOf(problem, best.placement).unplacedGuests > 0) await improve({ kind: 'most' });
  await improve({ kind: 'cheapest', guests: everybody - costOf(problem, best.placement).unplacedGuests });
  return best;
}
