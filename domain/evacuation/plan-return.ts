import type { MovedGuest } from '../contracts/cordon.js';
import type { EvacuationPlan, PlannedMove } from '../contracts/evacuation.js';
import type { NodeName } from '../ids.js';
import { parseStorageMap } from '../storage/storage-map.js';

/** Each guest back to where it was, the last one that left first. Whether there is room, each migration asks for itself. */
export function planReturn(node: NodeName, guests: readonly MovedGuest[]): EvacuationPlan {
  const moves = [...guests].reverse().map((guest, order): PlannedMove => ({
    vmid: guest.vmid, kind: guest.kind, name: guest.name, from: guest.to, to: node, mode: guest.mode, parking: false, wave: 0, order, needs: [],
    applications: guest.applications, ...reversed(guest.targetStorage),
    forecast: { durationMs: 0, downtimeMs: 0, bytes: 0, basis: 'estimate' }, reason: 'it comes home',
  }));
  return { node, moves, stays: [], nodes: [], links: [], bytes: 0, durationMs: 0, quality: 'greedy', warnings: [] };
}

/** `a:b,c:d` → `b:a,d:c`. One name for all can't be undone: the same names are tried. */
function reversed(map: string | undefined): Pick<PlannedMove, 'targetStorage'> {
  const { entries } = parseStorageMap(map);
  const pairs = Object.entries(entries).map(([from, to]) => `${to}:${from}`);
  return pairs.length === 0 ? {} : { targetStorage: pairs.join(',') };
}
