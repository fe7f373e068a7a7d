import { costOf, isCheaper, type Cost } from '../../../../domain/placement/cost.js';
import { Layout } from '../../../../domain/placement/layout.js';
import type { Block, PlacementProblem } from '../../../../domain/placement/problem.js';

/** How many placements there are to look at. */
export const variants = ({ blocks }: PlacementProblem): number => blocks.reduce((product, { places }) => product * (places.length + 1), 1);

/** The least cost there is, by looking at every placement. */
export function leastCost(problem: PlacementProblem): Cost {
  const layout = new Layout(problem);
  let least: Cost | null = null;
  const [parked, leaving] = [problem.blocks.filter(({ stays }) => stays !== null), problem.blocks.filter(({ stays }) => stays === null)];
  const visit = (todo: readonly Block[]): void => {
    const [block, ...rest] = todo;
    if (block === undefined) {
      const cost = costOf(problem, layout.placement);
      if (least === null || isCheaper(cost, least)) least = cost;
      return;
    }
    const { stays } = block;
    visit(rest);
    if (stays !== null) layout.take(block);
    for (const place of block.places) {
      if (!layout.fits(block, place)) continue;
      layout.put(block, place);
      visit(rest);
      layout.take(block);
    }
    if (stays !== null) layout.put(block, stays);
  };
  visit([...parked, ...leaving]);
  return least ?? { unplacedGuests: 0, price: 0 };
}
