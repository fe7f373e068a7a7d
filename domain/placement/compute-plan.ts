import type { EvacuationPlan } from '../contracts/evacuation.js';
import { MigrationError } from '../errors.js';
import { buildProblem } from './build-problem.js';
import { checkPlan } from './check-plan.js';
import { completePlan } from './complete-plan.js';
import { costOf } from './cost.js';
import { greedyPlacement } from './greedy.js';
import type { Solve } from './model.js';
import { placeGuests, type Placed } from './place-guests.js';
import type { PlacementProblem, PlanQuestion } from './problem.js';

/**
 * The plan to empty a node: the best there is for what is known, a partial one when not every guest finds a place. Guests of other nodes
 * move only when that is asked for, and only when some guest would stay otherwise. A plan that breaks a rule never leaves here: then it is
 * the one made without the solver, and if that breaks one too, `Internal`.
 */
export async function computePlan(question: PlanQuestion, solve: Solve): Promise<EvacuationPlan> {
  const simple = await solved(buildProblem(question, false), solve);
  const best = question.request.parking && unplaced(simple) > 0 ? await withParking(simple, question, solve) : simple;
  const plan = completePlan(best.problem, best.placed);
  if (checkPlan(plan, question).length === 0) return plan;
  const fallback = completePlan(simple.problem, { placement: greedyPlacement(simple.problem), quality: 'greedy' });
  const broken = checkPlan(fallback, question);
  if (broken.length > 0) throw new MigrationError('Internal', `plan failed: ${question.request.node}: ${broken.join('; ')}`, { broken });
  return fallback;
}

interface Solved {
  readonly problem: PlacementProblem;
  readonly placed: Placed;
}

const solved = async (problem: PlacementProblem, solve: Solve): Promise<Solved> => ({ problem, placed: await placeGuests(problem, solve) });

const unplaced = ({ problem, placed }: Solved): number => costOf(problem, placed.placement).unplacedGuests;

async function withParking(simple: Solved, question: PlanQuestion, solve: Solve): Promise<Solved> {
  const parked = await solved(buildProblem(question, true), solve);
  return unplaced(parked) < unplaced(simple) ? parked : simple;
}
