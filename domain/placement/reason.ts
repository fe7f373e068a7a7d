import { percentOf } from '../units.js';
import { guestName } from './guest-load.js';
import type { Block, Place, Placement, PlacementProblem } from './problem.js';

/** Why a block goes where it goes, in a few words. */
export function reasonFor(block: Block, place: Place, problem: PlacementProblem, placement: Placement): string {
  if (block.stays !== null) return `makes room on ${block.home} for ${newcomers(block.home, placement)}`;
  if (block.places.length === 1) return `${place.node} is the only node that can take it`;
  const preferring = problem.question.inventory.rules.find((rule) => rule.kind === 'node-affinity' && block.members.some(({ guest }) => rule.guests.includes(guest.vmid)));
  const others = block.places.filter(({ node }) => node !== place.node);
  const load = `${loadAfter(place.node, problem, placement)} % of its memory in use afterwards`;
  if (preferring !== undefined && others.some(({ strays }) => strays > place.strays)) return `rule ${preferring.id} prefers it; ${load}`;
  if (preferring !== undefined && place.strays > 0) return `no room where rule ${preferring.id} prefers it; ${load}`;
  return `${load}, of ${block.places.length} nodes that can take it`;
}

function newcomers(node: string, placement: Placement): string {
  const coming = [...placement].filter(([block, place]) => block.stays === null && place.node === node).flatMap(([block]) => block.members.map(({ guest }) => guestName(guest)));
  return coming.length > 3 ? `${coming.slice(0, 3).join(', ')} and ${coming.length - 3} more` : coming.join(', ');
}

function loadAfter(node: string, { sites }: PlacementProblem, placement: Placement): number {
  const site = sites.find(({ room }) => room.node === node);
  if (site === undefined) return 0;
  let used = site.usedMiB;
  for (const place of placement.values()) for (const [resource, amount] of place.takes) if (resource === node) used += amount;
  return percentOf(used, site.totalMiB);
}
