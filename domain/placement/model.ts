import { LOAD_MARKS, loadWeights, moveCost } from './cost.js';
import type { Block, Place, Placement, PlacementProblem } from './problem.js';
import { GIB } from '../units.js';

/** What is asked for: to place as many guests as can be, or the cheapest of all placements with so many. */
export type Goal = { readonly kind: 'most' } | { readonly kind: 'cheapest'; readonly guests: number };

/** A solver of mixed-integer programs in CPLEX's LP format. `proved`: nothing better was possible. null: it found nothing. */
export type Solve = (model: string) => Promise<{ readonly values: Readonly<Record<string, number>>; readonly proved: boolean } | null>;

export interface PlacementModel {
  readonly text: string;
  /** The placement that an answer means; null: it means none. */
  read(values: Readonly<Record<string, number>>): Placement | null;
}

/**
 * One whole variable for each class of blocks that are the same to the planner, and each of their places: how many go there. Blocks under
 * a negative rule are classes of their own. A node's load is a sum of stretches between the marks, each dearer than the one before.
 */
export function placementModel(problem: PlacementProblem, goal: Goal): PlacementModel {
  const classes = classesOf(problem.blocks);
  const columns = classes.flatMap((blocks, c) => placesOf(blocks).map((place, p): Column => ({ name: `x${c}_${p}`, blocks, place })));
  const everybody = problem.blocks.reduce((sum, { stays, members }) => sum + (stays === null ? members.length : 0), 0);
  const leaving = columns.filter(({ blocks: [first] }) => first?.stays === null);
  const allMove = goal.kind === 'cheapest' && goal.guests >= everybody;
  const rows = [
    ...classRows(classes, columns, allMove), ...roomRows(problem, columns), ...apartRows(columns), ...parkingRows(columns),
    ...(goal.kind === 'most' || allMove ? [] : [`${sum(leaving.map(({ name, blocks }) => [blocks[0]?.members.length ?? 0, name]))} >= ${goal.guests}`]),
    ...(goal.kind === 'cheapest' ? loadRows(problem, columns) : []),
  ];
  const objective: Term[] = goal.kind === 'most' ? leaving.map(({ name, blocks }) => [blocks[0]?.members.length ?? 0, name]) : priceTerms(problem, columns, allMove);
  const givers = [...new Set(columns.filter(({ blocks: [first] }) => first?.stays).map(({ blocks: [first] }) => giver(first?.home ?? '')))];
  const text = [
    goal.kind === 'most' ? 'Maximize' : 'Minimize', ` objective: ${sum([...objective, [0, 'one']])}`,
    'Subject To', ...rows.map((row, i) => ` r${i}: ${row}`), ' fixed: one = 1',
    'Bounds', ...columns.map(({ name, blocks }) => ` 0 <= ${name} <= ${blocks.length}`), ...givers.map((name) => ` 0 <= ${name} <= 1`),
    ...(goal.kind === 'cheapest' ? stretchBounds(problem) : []),
    'General', ...[...columns.map(({ name }) => name), ...givers].map((name) => ` ${name}`), 'End', '',
  ].join('\n');
  return { text, read: (values) => read(columns, values) };
}

interface Column {
  readonly name: string;
  readonly blocks: readonly Block[];
  readonly place: Place;
}

type Term = readonly [factor: number, name: string];

function classesOf(blocks: readonly Block[]): readonly (readonly Block[])[] {
  const classes = new Map<string, Block[]>();
  for (const block of blocks) {
    const { id, apart, home, stays, copyBytes, places, members } = block;
    const key = apart.length > 0 ? id : JSON.stringify([home, stays?.takes, copyBytes, members.length, places.map(({ node, strays, takes }) => [node, strays, takes])]);
    classes.set(key, [...(classes.get(key) ?? []), block]);
  }
  return [...classes.values()];
}

const placesOf = ([first]: readonly Block[]): readonly Place[] => (first === undefined ? [] : [...(first.stays === null ? [] : [first.stays]), ...first.places]);

/** Each block goes to one place, or (one that has to leave) stays for want of one. */
function classRows(classes: readonly (readonly Block[])[], columns: readonly Column[], allMove: boolean): string[] {
  return classes.map((blocks) => {
    const mine = columns.filter((column) => column.blocks === blocks);
    return `${sum(mine.map(({ name }) => [1, name]))} ${allMove || blocks[0]?.stays ? '=' : '<='} ${blocks.length}`;
  });
}

function roomRows({ room }: PlacementProblem, columns: readonly Column[]): string[] {
  const takers = new Map<string, Term[]>();
  for (const { name, place } of columns) for (const [resource, amount] of place.takes) takers.set(resource, [...(takers.get(resource) ?? []), [amount, name]]);
  return [...takers].map(([resource, terms]) => `${sum(terms)} <= ${room.get(resource) ?? 0}`);
}

/** At most one of those that a rule keeps apart on each node. */
function apartRows(columns: readonly Column[]): string[] {
  const together = new Map<string, Term[]>();
  for (const { name, blocks, place } of columns) {
    for (const rule of blocks[0]?.apart ?? []) together.set(`${place.node} ${rule}`, [...(together.get(`${place.node} ${rule}`) ?? []), [1, name]]);
  }
  return [...together.values()].filter((terms) => terms.length > 1).map((terms) => `${sum(terms)} <= 1`);
}

/** Of blocks that make room a node gives or receives, never both: then there is always an order to do it in. */
function parkingRows(columns: readonly Column[]): string[] {
  const givers = new Set(columns.flatMap(({ blocks: [first] }) => (first?.stays ? [first.home] : [])));
  return columns.flatMap(({ name, blocks, place }) => {
    const [first] = blocks;
    if (!first?.stays || place === first.stays) return [];
    const gives = `${sum([[1, name], [-blocks.length, giver(first.home)]])} <= 0`;
    return givers.has(place.node) ? [gives, `${sum([[1, name], [blocks.length, giver(place.node)]])} <= ${blocks.length}`] : [gives];
  });
}

const giver = (node: string): string => `g_${node.replaceAll('-', '_')}`;

/** Used and taken memory, as a part of all of it, is what the stretches add up to. */
function loadRows({ sites }: PlacementProblem, columns: readonly Column[]): string[] {
  return sites.map(({ room, usedMiB, totalMiB }, t) => {
    const taken = columns.flatMap(({ name, place }): Term[] => place.takes.filter(([resource]) => resource === room.node).map(([, amount]) => [amount / totalMiB, name]));
    return `${sum([...taken, ...stretches(t).map(({ name }): Term => [-1, name])])} = ${-usedMiB / totalMiB}`;
  });
}

function priceTerms({ sites }: PlacementProblem, columns: readonly Column[], allMove: boolean): Term[] {
  const weights = loadWeights(sites);
  return [
    ...columns.map(({ name, blocks: [first], place }): Term => {
      if (first === undefined || place === first.stays) return [0, name];
      // What is copied in any case only hides differences from the solver.
      return [moveCost(first, place) - (allMove && first.stays === null ? first.copyBytes / GIB : 0), name];
    }),
    ...sites.flatMap((_, t) => stretches(t).map(({ name, slope }): Term => [(weights[t] ?? 0) * slope, name])),
  ];
}

const stretches = (site: number): readonly { readonly name: string; readonly slope: number; readonly length: number }[] =>
  LOAD_MARKS.slice(1).map((to, k) => {
    const from = LOAD_MARKS[k] ?? 0;
    return { name: `z${site}_${k}`, slope: from + to, length: to - from };
  });

/** The last one has no end: a node may be overfull already. */
const stretchBounds = ({ sites }: PlacementProblem): string[] => sites.flatMap((_, t) => {
  const all = stretches(t);
  return all.slice(0, -1).map(({ name, length }) => ` 0 <= ${name} <= ${length}`);
});

/** Lines stay short: readers of the format have a limit. */
function sum(terms: readonly Term[]): string {
  const parts = terms.map(([factor, name]) => `${factor < 0 ? '-' : '+'} ${Math.abs(factor)} ${name}`);
  return parts.map((part, i) => (i > 0 && i % 8 === 0 ? `\n   ${part}` : part)).join(' ');
}

function read(columns: readonly Column[], values: Readonly<Record<string, number>>): Placement | null {
  const placement = new Map<Block, Place>();
  const next = new Map<readonly Block[], number>();
  for (const { name, blocks, place } of columns) {
    for (let count = Math.round(values[name] ?? 0); count > 0; count -= 1) {
      const at = next.get(blocks) ?? 0;
      const block = blocks[at];
      if (block === undefined) return null;
      next.set(blocks, at + 1);
      const own = block.stays?.node === place.node ? block.stays : block.places.find(({ node }) => node === place.node);
      if (own !== undefined) placement.set(block, own);
    }
  }
  return placement;
}
