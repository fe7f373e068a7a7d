import type { PlannedMove } from '../contracts/evacuation.js';
import type { Vmid } from '../ids.js';

type Sequenced = Pick<PlannedMove, 'vmid' | 'needs' | 'applications'> & { readonly durationMs: number; readonly parking: boolean };

/** Canaries first: the quickest that need no other move, those the evacuation is about before those that only make room. The rest keep their order. */
export function withCanaries<T extends Sequenced>(moves: readonly T[], canary: number): readonly T[] {
  const free = moves.filter(({ needs }) => needs.length === 0).sort((a, b) => Number(a.parking) - Number(b.parking) || a.durationMs - b.durationMs || a.vmid - b.vmid);
  const first = free.slice(0, canary);
  return [...first, ...moves.filter((move) => !first.includes(move))];
}

/** The wave of each move: canaries one by one; then the first in which there is a slot, its needs are over, and nobody of its applications moves. */
export function wavesOf(moves: readonly Sequenced[], { canary, concurrency }: { readonly canary: number; readonly concurrency: number }): ReadonlyMap<Vmid, number> {
  const waves: Sequenced[][] = [];
  const waveOf = new Map<Vmid, number>();
  moves.forEach((move, order) => {
    let wave = order < canary ? order : Math.min(canary, moves.length);
    for (const need of move.needs) wave = Math.max(wave, (waveOf.get(need) ?? 0) + 1);
    const isTaken = (others: readonly Sequenced[]): boolean => others.length >= concurrency || others.some((other) => shareApplication(other, move));
    while (isTaken(waves[wave] ?? [])) wave += 1;
    waves[wave] = [...(waves[wave] ?? []), move];
    waveOf.set(move.vmid, wave);
  });
  return waveOf;
}

export const shareApplication = (a: Pick<PlannedMove, 'applications'>, b: Pick<PlannedMove, 'applications'>): boolean => a.applications.some((name) => b.applications.includes(name));
