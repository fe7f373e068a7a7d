import { loadCurve, loadWeights, moveCost } from './cost.js';
import { Layout } from './layout.js';
import type { Block, Place, Placement, PlacementProblem } from './problem.js';

/** A good placement at once: hardest guests first, each where it is cheapest; then room is made for what found none. */
export function greedyPlacement(problem: PlacementProblem): Placement {
  const layout = new Layout(problem);
  const price = pricer(problem);
  for (const block of [...layout.unplaced()].sort(byHardness)) {
    const best = cheapest(block, layout, price);
    if (best !== null) layout.put(block, best);
  }
  for (const block of [...layout.unplaced()].sort(byHardness)) makeRoom(block, layout, price);
  return layout.placement;
}

type Price = (block: Block, place: Place, layout: Layout) => number;

/** Few places first, then large ones: the rest fills the gaps. */
const byHardness = (a: Block, b: Block): number => a.places.length - b.places.length || sizeOf(b) - sizeOf(a);

const sizeOf = ({ places }: Block): number => Math.max(0, ...(places[0]?.takes ?? []).map(([, amount]) => amount));

/** What a block would add to the cost where it went. */
function pricer({ sites }: PlacementProblem): Price {
  const weights = loadWeights(sites);
  const known = new Map(sites.map((site, i) => [site.room.node, { site, weight: weights[i] ?? 0 }]));
  return (block, place, layout) => {
    const found = known.get(place.node);
    if (found === undefined) return moveCost(block, place);
    const { site: { usedMiB, totalMiB }, weight } = found;
    const taken = layout.takenMiB(place.node);
    const more = memoryOf(place);
    const load = (mebibytes: number): number => loadCurve((usedMiB + mebibytes) / totalMiB);
    return moveCost(block, place) + weight * (load(taken + more) - load(taken));
  };
}

const memoryOf = ({ node, takes }: Place): number => takes.find(([resource]) => resource === node)?.[1] ?? 0;

function cheapest(block: Block, layout: Layout, price: Price, except: string | null = null): Place | null {
  let best: { readonly place: Place; readonly price: number } | null = null;
  const places = block.stays === null ? block.places : [block.stays, ...block.places];
  for (const place of places) {
    if (place.node === except || !layout.fits(block, place)) continue;
    const cost = place === block.stays ? 0 : price(block, place, layout);
    if (best === null || cost < best.price) best = { place, price: cost };
  }
  return best?.place ?? null;
}

/** Moves one other block out of the way, the smallest that helps. */
function makeRoom(block: Block, layout: Layout, price: Price): void {
  for (const place of block.places) {
    if (layout.fits(block, place)) return layout.put(block, place);
    for (const other of [...layout.at(place.node)].sort((a, b) => sizeOf(a) - sizeOf(b))) {
      const was = layout.placeOf(other);
      if (was === undefined) continue;
      layout.take(other);
      const fits = layout.fits(block, place);
      if (fits) layout.put(block, place);
      const elsewhere = fits ? cheapest(other, layout, price, place.node) : null;
      if (elsewhere !== null) return layout.put(other, elsewhere);
      if (fits) layout.take(block);
      layout.put(other, was);
    }
  }
}
