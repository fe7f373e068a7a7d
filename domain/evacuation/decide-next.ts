import type { PlannedMove } from '../contracts/evacuation.js';
import type { EvacuationBook } from './book.js';

/** What an evacuation does now. */
export type EvacuationStep =
  | { readonly kind: 'start'; readonly moves: readonly PlannedMove[] }
  /** Until something changes: a move ends, somebody speaks, the window opens. */
  | { readonly kind: 'wait' }
  | { readonly kind: 'plan'; readonly why: string }
  /** Nothing is left but guests that failed for a reason that may pass. */
  | { readonly kind: 'rest' }
  | { readonly kind: 'prove' }
  | { readonly kind: 'end' };

export interface Gates {
  /** The maintenance window. */
  readonly open: boolean;
  /** The cluster is not what the plan was made for. */
  readonly stale: boolean;
}

/** Pure, and the only place that decides that a guest is moved. */
export function decideNext(book: EvacuationBook, { open, stale }: Gates): EvacuationStep {
  const running = book.running.length;
  if (book.stop !== null) return running > 0 ? { kind: 'wait' } : { kind: 'end' };
  const retrying = book.in('retrying').length;
  const isLeft = book.moves.length > 0 || retrying > 0;
  if (isLeft && (book.paused || !open)) return { kind: 'wait' };
  if (isLeft && stale) return { kind: 'plan', why: 'the cluster has changed' };
  const moves = nextMoves(book);
  if (moves.length > 0) return { kind: 'start', moves };
  if (running > 0) return { kind: 'wait' };
  if (book.moves.length > 0) return { kind: 'plan', why: 'what is left waits for guests that did not move' };
  return { kind: retrying > 0 ? 'rest' : 'prove' };
}

/**
 * The moves that may begin now, in the plan's order: within the concurrency, after all they need, never two of one application; canaries first,
 * one by one, each with its health check over before the next.
 */
export function nextMoves({ moves, running, concurrency, guests }: Pick<EvacuationBook, 'moves' | 'running' | 'concurrency' | 'guests'>): readonly PlannedMove[] {
  const isCanary = new Set(guests.filter(({ canary }) => canary).map(({ vmid }) => vmid));
  const canaries = moves.filter(({ vmid }) => isCanary.has(vmid));
  const isAmongCanaries = canaries.length > 0 || running.some(({ canary }) => canary);
  const free = isAmongCanaries ? 1 - running.length : concurrency - running.length;
  if (free <= 0) return [];
  const away = new Set(guests.filter(({ state }) => state === 'moved' || state === 'gone').map(({ vmid }) => vmid));
  const busy = new Set(running.flatMap(({ applications }) => applications));
  const chosen: PlannedMove[] = [];
  for (const move of isAmongCanaries ? canaries : moves) {
    if (chosen.length >= free) break;
    if (!move.needs.every((vmid) => away.has(vmid)) || move.applications.some((name) => busy.has(name))) continue;
    chosen.push(move);
    for (const name of move.applications) busy.add(name);
  }
  return chosen;
}
