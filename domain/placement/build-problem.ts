import type { GuestNeeds, NodeRoom, PlacementRule } from '../contracts/evacuation.js';
import type { Refusal } from '../contracts/plan.js';
import { refuse } from '../prerequisites/refuse.js';
import type { NodeName, Vmid } from '../ids.js';
import { MIB } from '../units.js';
import { bindings, type Binding } from './bindings.js';
import { bytesToCopy, footprintBytes, guestName, isRefusal, moveMode } from './guest-load.js';
import { checkNode } from './may-host.js';
import { placesOf, takesOf } from './places.js';
import type { Barred, Block, BlockMember, PlacementProblem, PlanQuestion, Site } from './problem.js';
import { evacuees } from './whereabouts.js';

/** `parking`: guests of other nodes may move too, to make room. */
export function buildProblem(question: PlanQuestion, parking: boolean): PlacementProblem {
  const leaving = evacuees(question);
  const { movable, barred } = judgeModes(leaving, question);
  const bound = bindings(movable, question);
  const stuck = bound.filter(isStuck);
  const placed = bound.filter((binding) => !isStuck(binding)).map((binding) => toBlock(binding, question, null));
  const parked = parking ? parkable(question).map((member) => toBlock({ members: [member], only: null, stuck: null }, question, member)) : [];
  const blocks = [...placed, ...parked];
  return {
    question,
    blocks: blocks.flatMap((block) => ('block' in block && (block.block.places.length > 0 || block.block.stays !== null) ? [block.block] : [])),
    barred: [
      ...barred,
      ...stuck.flatMap(({ members, stuck: why }) => members.map(({ guest }) => ({ guest, why: why as Refusal }))),
      ...placed.flatMap(({ block, why }) => (block.places.length > 0 ? [] : block.members.map(({ guest }) => ({ guest, why })))),
    ],
    ...roomOf(question, parked.map(({ block }) => block)),
  };
}

const isStuck = ({ stuck }: Binding): boolean => stuck !== null;

function judgeModes(guests: readonly GuestNeeds[], { inventory, request }: PlanQuestion): { readonly movable: readonly BlockMember[]; readonly barred: readonly Barred[] } {
  const isThere = inventory.nodes.some(({ node, online }) => node === request.node && online);
  const movable: BlockMember[] = [];
  const barred: Barred[] = [];
  for (const guest of guests) {
    const mode = request.skip.includes(guest.vmid) ? refuse('skipped', `${guestName(guest)} is left out, as asked for`, 'move it by itself: ferry migrate')
      : isThere ? moveMode(guest, request)
        : refuse('node-offline', `${request.node} is offline, or did not answer`, `start ${request.node} and its agent; ferry resolve when it is off for good`);
    if (isRefusal(mode)) barred.push({ guest, why: mode });
    else movable.push({ guest, mode });
  }
  return { movable, barred };
}

/** A bystander is never stopped for another guest's sake, and one that is bound to others, or kept from them, stays where it is. */
function parkable(question: PlanQuestion): readonly BlockMember[] {
  const { inventory: { guests, rules, nodes }, request, settled, moving } = question;
  const bound = new Set(rules.flatMap((rule) => (rule.kind === 'resource-affinity' ? rule.guests : [])));
  return guests.flatMap((guest) => {
    const room = nodes.find(({ node }) => node === guest.node);
    const isFixed = room === undefined || checkNode(room, { request }) !== null || bound.has(guest.vmid) || request.skip.includes(guest.vmid)
      || settled.includes(guest.vmid) || moving.some(({ vmid }) => vmid === guest.vmid);
    const mode = isFixed ? null : moveMode(guest, { ...request, restartContainers: false, offlineShutdown: false });
    return mode === null || isRefusal(mode) ? [] : [{ guest, mode }];
  });
}

function toBlock({ members, only }: Binding, question: PlanQuestion, parked: BlockMember | null): { readonly block: Block; readonly why: Refusal } {
  const { places, why } = placesOf(members, only, question);
  const { guest: first } = members[0] as BlockMember;
  const { rules } = question.inventory;
  const block: Block = {
    id: members.map(({ guest }) => guest.vmid).join('+'),
    members,
    home: first.node,
    stays: parked === null ? null : { node: first.node, strays: 0, takes: takesOf(members, first.node, ownSpace), hostings: new Map() },
    copyBytes: members.reduce((sum, { guest, mode }) => sum + bytesToCopy(guest, mode), 0),
    places,
    apart: rules.filter((rule) => isApart(rule) && members.some(({ guest }) => rule.guests.includes(guest.vmid))).map(({ id }) => id),
  };
  return { block, why };
}

const isApart = (rule: PlacementRule): boolean => rule.kind === 'resource-affinity' && rule.affinity === 'negative';
/** What a guest occupies of its node's own storages. */
export const ownSpace = ({ guest }: BlockMember): readonly { readonly storage: string; readonly bytes: number }[] => guest.storages.filter(({ shared, bytes }) => !shared && bytes > 0);

/** What each node has left to give: less the spare it keeps and what moves under way will take, more what may leave it. */
function roomOf(question: PlanQuestion, parked: readonly Block[]): Pick<PlacementProblem, 'room' | 'sites'> {
  const { inventory, request } = question;
  const room = new Map<string, number>();
  const sites: Site[] = [];
  for (const site of inventory.nodes.filter((known) => checkNode(known, { request }) === null)) {
    const coming = arriving(question, site.node);
    const homed = parked.filter(({ home }) => home === site.node).flatMap(({ stays }) => stays?.takes ?? []);
    const homedOf = (resource: string): number => homed.reduce((sum, [name, amount]) => sum + (name === resource ? amount : 0), 0);
    const comingMiB = Math.ceil(coming.reduce((sum, guest) => sum + footprintBytes(guest), 0) / MIB);
    room.set(site.node, memoryToGiveMiB(site, request.spareMemoryPercent, comingMiB) + homedOf(site.node));
    for (const { storage, availableBytes } of site.storages) {
      const resource = `${site.node}/${storage}`;
      const comingBytes = coming.flatMap(({ storages }) => storages).reduce((sum, used) => sum + (used.storage === storage && !used.shared ? used.bytes : 0), 0);
      room.set(resource, Math.max(0, Math.floor((availableBytes - comingBytes) / MIB)) + homedOf(resource));
    }
    // A storage that the node no longer offers: what lies on it takes nothing from anybody.
    for (const [resource] of homed) if (!room.has(resource)) room.set(resource, homedOf(resource));
    const totalMiB = Math.max(1, site.memoryTotalBytes / MIB);
    sites.push({ room: site, totalMiB, usedMiB: Math.max(0, totalMiB - site.memoryAvailableBytes / MIB + comingMiB - homedOf(site.node)) });
  }
  return { room, sites };
}

const memoryToGiveMiB = ({ memoryAvailableBytes, memoryTotalBytes }: NodeRoom, sparePercent: number, comingMiB: number): number =>
  Math.max(0, Math.floor((memoryAvailableBytes - (memoryTotalBytes * sparePercent) / 100) / MIB) - comingMiB);

/** Guests on their way to a node. */
function arriving({ inventory, moving }: PlanQuestion, node: NodeName): readonly GuestNeeds[] {
  const vmids = new Set<Vmid>(moving.filter(({ to }) => to === node).map(({ vmid }) => vmid));
  return inventory.guests.filter((guest) => vmids.has(guest.vmid) && guest.node !== node);
}
