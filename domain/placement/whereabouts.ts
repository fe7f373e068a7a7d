import type { GuestNeeds } from '../contracts/evacuation.js';
import type { NodeName, Vmid } from '../ids.js';
import type { PlanQuestion } from './problem.js';

/** Guests that are to leave the node, those left out (`skip`) among them. */
export const evacuees = ({ inventory, request, settled, moving }: PlanQuestion): readonly GuestNeeds[] =>
  inventory.guests.filter(({ vmid, node }) => node === request.node && !settled.includes(vmid) && !moving.some((move) => move.vmid === vmid));

/** Where a guest is, or will be when its move under way is over; null: nobody knows it. */
export function locationOf({ inventory, moving }: Pick<PlanQuestion, 'inventory' | 'moving'>, vmid: Vmid): NodeName | null {
  return moving.find((move) => move.vmid === vmid)?.to ?? inventory.guests.find((guest) => guest.vmid === vmid)?.node ?? null;
}
