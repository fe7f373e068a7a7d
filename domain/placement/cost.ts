import { GIB } from '../units.js';
import type { Block, Place, Placement, PlacementProblem, Site } from './problem.js';

/**
 * What a placement is judged by, in this order: guests that find no place; then one figure, in GiB sent: what is copied, plus these
 * prices for what an operator would also pay something for.
 */
export interface Cost {
  readonly unplacedGuests: number;
  readonly price: number;
}

/** GiB it is worth sending to have a guest where its rule prefers it. */
export const STRAY_PRICE = 40;
/** GiB it is worth sending to have every node empty instead of every node full; between them the square of the load counts. */
export const LOAD_PRICE = 200;
/** GiB it is worth sending elsewhere not to touch a guest that is no part of the evacuation; more than even load can be worth. */
export const PARKING_PRICE = 250;

/** Marks of load between which the square is taken for a straight line: a solver of linear models can see it the same way. */
export const LOAD_MARKS: readonly number[] = [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1];

export function costOf(problem: PlacementProblem, placement: Placement): Cost {
  const unplaced = problem.blocks.filter((block) => !placement.has(block));
  const moved = [...placement].filter(([block, place]) => place.node !== block.home);
  return {
    unplacedGuests: unplaced.reduce((sum, { members }) => sum + members.length, 0),
    price: moved.reduce((sum, [block, place]) => sum + moveCost(block, place), 0) + loadCost(problem, loadsMiB(problem.sites, placement)),
  };
}

export const isCheaper = (a: Cost, b: Cost): boolean => a.unplacedGuests < b.unplacedGuests || (a.unplacedGuests === b.unplacedGuests && a.price < b.price);

export const moveCost = ({ copyBytes, stays, members }: Block, { strays }: Place): number =>
  copyBytes / GIB + strays * STRAY_PRICE * members.length + (stays === null ? 0 : PARKING_PRICE);

/** The square of the load, along the marks; beyond the last as steep as before it. */
export function loadCurve(load: number): number {
  const i = LOAD_MARKS.findIndex((mark) => load < mark);
  const upper = i === -1 ? LOAD_MARKS.length - 1 : Math.max(1, i);
  const [from, to] = [LOAD_MARKS[upper - 1] ?? 0, LOAD_MARKS[upper] ?? 1];
  return from ** 2 + (load - from) * (from + to);
}

/** A node's part of the load's price grows with its memory: then the same load everywhere is the cheapest. */
export function loadWeights(sites: readonly Site[]): readonly number[] {
  const total = sites.reduce((sum, { totalMiB }) => sum + totalMiB, 0);
  return sites.map(({ totalMiB }) => (LOAD_PRICE * totalMiB) / total);
}

function loadCost({ sites }: PlacementProblem, loads: readonly number[]): number {
  const weights = loadWeights(sites);
  return sites.reduce((sum, { totalMiB }, i) => sum + (weights[i] ?? 0) * loadCurve((loads[i] ?? 0) / totalMiB), 0);
}

function loadsMiB(sites: readonly Site[], placement: Placement): readonly number[] {
  const taken = new Map<string, number>();
  for (const { takes } of placement.values()) for (const [resource, amount] of takes) taken.set(resource, (taken.get(resource) ?? 0) + amount);
  return sites.map(({ room, usedMiB }) => usedMiB + (taken.get(room.node) ?? 0));
}
