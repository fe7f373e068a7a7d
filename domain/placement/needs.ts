import type { Vmid } from '../ids.js';
import type { Takes } from './problem.js';

/** One move as it changes what is taken of every node: `takes` from its start on the target, `frees` at its end on the source. */
export interface Shift {
  readonly vmid: Vmid;
  readonly takes: Takes;
  readonly frees: Takes;
}

/**
 * Which moves have to be over before each may start, so that nothing is ever overfull, whatever runs side by side and for how long.
 *
 * For each resource: in the given order, a move waits for so many of the moves that free it (the first ones, in order) that room is
 * enough for itself and for every taker before it. At any moment the taker latest in order among those that have started has
 * waited for enough for all of them. `room`: what is left before anything moves. null: the order does not work out.
 */
export function needsOf(shifts: readonly Shift[], room: ReadonlyMap<string, number>): ReadonlyMap<Vmid, readonly Vmid[]> | null {
  const needs = new Map<Vmid, Set<Vmid>>(shifts.map(({ vmid }) => [vmid, new Set<Vmid>()]));
  const resources = new Set(shifts.flatMap(({ takes }) => takes.map(([resource]) => resource)));
  for (const resource of resources) {
    let left = room.get(resource) ?? 0;
    const waiting: Shift[] = [];
    const waitedFor: Vmid[] = [];
    for (const shift of shifts) {
      const taken = amountOf(shift.takes, resource);
      if (taken > 0) {
        left -= taken;
        while (left < 0 && waiting.length > 0) {
          const freer = waiting.shift() as Shift;
          left += amountOf(freer.frees, resource);
          waitedFor.push(freer.vmid);
        }
        if (left < 0) return null;
        for (const vmid of waitedFor) needs.get(shift.vmid)?.add(vmid);
      }
      if (amountOf(shift.frees, resource) > 0) waiting.push(shift);
    }
  }
  return new Map([...needs].map(([vmid, others]) => [vmid, [...others].sort((a, b) => a - b)]));
}

const amountOf = (takes: Takes, resource: string): number => takes.reduce((sum, [name, amount]) => sum + (name === resource ? amount : 0), 0);
