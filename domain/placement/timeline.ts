import type { PlannedMove } from '../contracts/evacuation.js';
import type { Vmid } from '../ids.js';
import { shareApplication } from './waves.js';

export interface Scheduled {
  readonly startMs: number;
  readonly endMs: number;
}

type Timed = Pick<PlannedMove, 'vmid' | 'needs' | 'applications' | 'forecast'>;

/**
 * When each move would start and end if every forecast held: whenever a slot is free, the first in order that may start does. Canaries go
 * one by one before the rest.
 */
export function scheduleOf(moves: readonly Timed[], { canary, concurrency }: { readonly canary: number; readonly concurrency: number }): ReadonlyMap<Vmid, Scheduled> {
  const schedule = new Map<Vmid, Scheduled>();
  let waiting = [...moves];
  let running: { readonly move: Timed; readonly endMs: number }[] = [];
  for (let nowMs = 0; waiting.length + running.length > 0;) {
    const over = (vmid: Vmid): boolean => (schedule.get(vmid)?.endMs ?? Infinity) <= nowMs;
    const known = new Set(moves.map(({ vmid }) => vmid));
    for (const move of [...waiting]) {
      const order = moves.indexOf(move);
      const isAlone = order >= canary ? moves.slice(0, canary).every(({ vmid }) => over(vmid)) : running.length === 0;
      const mayStart = running.length < concurrency && isAlone && move.needs.every((need) => !known.has(need) || over(need)) && !running.some((other) => shareApplication(other.move, move));
      if (!mayStart) continue;
      const endMs = nowMs + Math.max(1, move.forecast.durationMs);
      schedule.set(move.vmid, { startMs: nowMs, endMs });
      running.push({ move, endMs });
      waiting = waiting.filter((other) => other !== move);
    }
    if (running.length === 0) break;
    nowMs = Math.min(...running.map(({ endMs }) => endMs));
    running = running.filter(({ endMs }) => endMs > nowMs);
  }
  return schedule;
}
