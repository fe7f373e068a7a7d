import type { EvacuationPlan, GuestNeeds, PlannedMove } from '../contracts/evacuation.js';
import type { Vmid } from '../ids.js';
import { parseStorageMap, mapStorage } from '../storage/storage-map.js';
import { renderBytes } from '../units.js';
import { allNeeds } from './check-order.js';
import { footprintBytes } from './guest-load.js';
import type { PlanQuestion } from './problem.js';

/**
 * That no node and no storage is ever overfull, in whatever order the moves start and however long they take: for each move that comes
 * in, all that may have come in without waiting for more than it did, less what has left for certain.
 */
export function checkRoom({ moves }: EvacuationPlan, question: PlanQuestion): readonly string[] {
  const byVmid = new Map(moves.map((move) => [move.vmid, move]));
  const needs = new Map(moves.map((move) => [move.vmid, allNeeds(move, byVmid)]));
  return resourcesOf(question).flatMap((resource) => {
    const coming = moves.filter((move) => resource.taken(move) > 0);
    const left = (vmid: Vmid): readonly PlannedMove[] => moves.filter((move) => move.from === resource.node && needs.get(vmid)?.has(move.vmid) === true && resource.freed(move) > 0);
    const worst = coming.map((move) => {
      const gone = left(move.vmid);
      const there = coming.filter((other) => left(other.vmid).every((one) => gone.includes(one)));
      return sum(there.map(resource.taken)) - sum(gone.map(resource.freed));
    });
    const mostBytes = Math.max(0, ...worst);
    return mostBytes <= resource.roomBytes ? [] : [`${resource.name}: ${renderBytes(mostBytes)} could come at once, and there is room for ${renderBytes(resource.roomBytes)}`];
  });
}

interface Resource {
  readonly name: string;
  readonly node: string;
  readonly roomBytes: number;
  taken(move: PlannedMove): number;
  freed(move: PlannedMove): number;
}

function resourcesOf({ inventory: { nodes, guests }, request, moving }: PlanQuestion): readonly Resource[] {
  const known = new Map(guests.map((guest) => [guest.vmid, guest]));
  const amount = ({ vmid }: Pick<PlannedMove, 'vmid'>, of: (guest: GuestNeeds) => number): number => {
    const guest = known.get(vmid);
    return guest === undefined ? 0 : of(guest);
  };
  const arriving = (node: string, of: (guest: GuestNeeds) => number): number => sum(moving.filter(({ to, vmid }) => to === node && known.get(vmid)?.node !== node).map((move) => amount(move, of)));
  return nodes.flatMap(({ node, memoryAvailableBytes, memoryTotalBytes, storages }): Resource[] => [
    {
      name: `memory of ${node}`, node,
      roomBytes: Math.max(0, memoryAvailableBytes - (memoryTotalBytes * request.spareMemoryPercent) / 100 - arriving(node, footprintBytes)),
      taken: (move) => (move.to === node ? amount(move, footprintBytes) : 0), freed: (move) => amount(move, footprintBytes),
    },
    ...storages.map(({ storage, availableBytes }): Resource => ({
      name: `storage ${storage} of ${node}`, node, roomBytes: Math.max(0, availableBytes - arriving(node, (guest) => bytesOn(guest, storage))),
      taken: (move) => (move.to === node ? amount(move, (guest) => bytesOn(guest, storage, move.targetStorage)) : 0), freed: (move) => amount(move, (guest) => bytesOn(guest, storage)),
    })),
  ]);
}

/** What lies on a storage, or would with a storage map. */
function bytesOn({ storages }: GuestNeeds, storage: string, map?: string): number {
  const parsed = parseStorageMap(map);
  return sum(storages.map((used) => (!used.shared && mapStorage(parsed, used.storage) === storage ? used.bytes : 0)));
}

const sum = (amounts: readonly number[]): number => amounts.reduce((total, one) => total + one, 0);
