import type { EvacuationPlan, PlanInput, PlannedMove, StayingGuest } from '../../domain/contracts/evacuation.js';
import type { NodeName } from '../../domain/ids.js';
import type { FakeGuest } from './cluster.js';

/** Each guest to the emptiest node that answers, is not cordoned, has room, and is not where it failed. */
export function planByLoad({ request, surveys, settled, avoid = [], moving = [] }: PlanInput, guests: readonly FakeGuest[], cordoned: readonly NodeName[], room: number): EvacuationPlan {
  const { node } = request;
  const targets = surveys.map((survey) => survey.room.node).filter((name) => name !== node && !cordoned.includes(name));
  const load = new Map(targets.map((name) => [name, guests.filter((guest) => guest.node === name).length + moving.filter((one) => one.to === name).length]));
  const moves: PlannedMove[] = [];
  const stays: StayingGuest[] = [];
  for (const guest of guests.filter((one) => one.node === node && !settled.includes(one.vmid))) {
    const fit = targets.filter((name) => (load.get(name) ?? 0) < room && !avoid.some((one) => one.vmid === guest.vmid && one.node === name));
    const [to] = fit.sort((a, b) => (load.get(a) ?? 0) - (load.get(b) ?? 0));
    if (to === undefined || guest.blocked || request.skip.includes(guest.vmid)) {
      stays.push({ vmid: guest.vmid, kind: 'qemu', name: 'web', code: 'no-place', sentence: guest.blocked ? 'it uses a device of this node' : 'no node has room', remedy: 'make room' });
      continue;
    }
    load.set(to, (load.get(to) ?? 0) + 1);
    moves.push(moveOf(guest, to, moves.length));
  }
  return { node, moves, stays, nodes: [], links: [], bytes: moves.length, durationMs: moves.length * 1000, quality: 'greedy', warnings: [] };
}

const moveOf = ({ vmid, node, applications }: FakeGuest, to: NodeName, order: number): PlannedMove => ({
  vmid, kind: 'qemu', name: 'web', from: node, to, mode: 'live', parking: false, wave: 0, order, needs: [], applications, forecast: { durationMs: 1000, downtimeMs: 50, bytes: 1, basis: 'estimate' }, reason: 'it has room',
});
