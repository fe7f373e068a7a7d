import type { NodeName } from '../ids.js';
import type { Block, Place, Placement, PlacementProblem } from './problem.js';

/** A placement in the making: says what still fits, and lets blocks be put and taken. */
export class Layout {
  private readonly problem: PlacementProblem;
  private readonly placed = new Map<Block, Place>();
  private readonly left: Map<string, number>;
  /** Node → rule that keeps blocks apart → how many of them are there. */
  private readonly apart = new Map<string, number>();
  private readonly given = new Map<NodeName, number>();
  private readonly received = new Map<NodeName, number>();

  /** Blocks that may stay where they are begin there. */
  constructor(problem: PlacementProblem) {
    this.problem = problem;
    this.left = new Map(problem.room);
    for (const block of problem.blocks) if (block.stays !== null) this.put(block, block.stays);
  }

  get placement(): Placement {
    return new Map(this.placed);
  }

  placeOf(block: Block): Place | undefined {
    return this.placed.get(block);
  }

  unplaced(): readonly Block[] {
    return this.problem.blocks.filter((block) => !this.placed.has(block));
  }

  at(node: NodeName): readonly Block[] {
    return [...this.placed].filter(([, place]) => place.node === node).map(([block]) => block);
  }

  /** Room for it, nobody there it is kept apart from; of blocks that make room a node gives or receives, never both. */
  fits(block: Block, place: Place): boolean {
    if (place.takes.some(([resource, amount]) => amount > (this.left.get(resource) ?? 0))) return false;
    if (block.apart.some((rule) => (this.apart.get(`${place.node} ${rule}`) ?? 0) > 0)) return false;
    return block.stays === null || place.node === block.home || ((this.given.get(place.node) ?? 0) === 0 && (this.received.get(block.home) ?? 0) === 0);
  }

  /** How much of each resource is missing for it, MiB; empty: room enough. */
  lacks({ takes }: Place): readonly (readonly [resource: string, mebibytes: number])[] {
    return takes.map(([resource, amount]) => [resource, amount - (this.left.get(resource) ?? 0)] as const).filter(([, missing]) => missing > 0);
  }

  /** Memory that blocks take of a node, MiB. */
  takenMiB(node: NodeName): number {
    return (this.problem.room.get(node) ?? 0) - (this.left.get(node) ?? 0);
  }

  put(block: Block, place: Place): void {
    this.placed.set(block, place);
    this.account(block, place, 1);
  }

  take(block: Block): void {
    const place = this.placed.get(block);
    if (place === undefined) return;
    this.placed.delete(block);
    this.account(block, place, -1);
  }

  private account(block: Block, place: Place, sign: 1 | -1): void {
    for (const [resource, amount] of place.takes) add(this.left, resource, -sign * amount);
    for (const rule of block.apart) add(this.apart, `${place.node} ${rule}`, sign);
    if (block.stays !== null && place.node !== block.home) {
      add(this.given, block.home, sign);
      add(this.received, place.node, sign);
    }
  }
}

/** Whether a whole placement holds: what a solver answered is believed only then. */
export function holds(problem: PlacementProblem, placement: Placement): boolean {
  const layout = new Layout(problem);
  for (const block of problem.blocks) layout.take(block);
  // A block that makes room counts as given before anything is received: the order of putting must not matter.
  return [...placement].sort(([a], [b]) => Number(b.stays !== null) - Number(a.stays !== null)).every(([block, place]) => {
    const fine = (block.places.includes(place) || block.stays === place) && layout.fits(block, place);
    if (fine) layout.put(block, place);
    return fine;
  }) && problem.blocks.every((block) => block.stays === null || placement.has(block));
}

function add<K>(map: Map<K, number>, key: K, amount: number): void {
  map.set(key, (map.get(key) ?? 0) + amount);
}
