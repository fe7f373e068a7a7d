import type { StayingGuest } from '../contracts/evacuation.js';
import type { Refusal } from '../contracts/plan.js';
import { refuse } from '../prerequisites/refuse.js';
import { MIB, renderBytes } from '../units.js';
import { guestName } from './guest-load.js';
import { Layout } from './layout.js';
import type { Block, Place, Placement, PlacementProblem } from './problem.js';

const NODES_TOLD = 3;

/** Who stays, why, and what an operator can do about it. */
export function staysOf(problem: PlacementProblem, placement: Placement): readonly StayingGuest[] {
  const layout = new Layout(problem);
  for (const [block, place] of placement) {
    layout.take(block);
    layout.put(block, place);
  }
  const short = layout.unplaced().flatMap((block) => block.members.map(({ guest }) => ({ guest, why: wantOfRoom(block, layout, problem) })));
  return [...problem.barred, ...short]
    .map(({ guest: { vmid, kind, name }, why }) => ({ vmid, kind, name, ...why }))
    .sort((a, b) => a.vmid - b.vmid);
}

function wantOfRoom(block: Block, layout: Layout, { question: { request } }: PlacementProblem): Refusal {
  const names = block.members.map(({ guest }) => guestName(guest)).join(' and ');
  const short = block.places.map((place) => ({ place, lacks: layout.lacks(place) })).filter(({ lacks }) => lacks.length > 0)
    .sort((a, b) => total(a.lacks) - total(b.lacks));
  const [nearest] = short;
  if (nearest === undefined || short.length < block.places.length) {
    const [rule] = block.apart;
    return refuse('rule-resource-affinity', `every node with room for ${names} has a guest that rule ${rule ?? '?'} keeps it apart from`, `disable the rule for the time being (ha-manager rules set resource-affinity ${rule ?? '<rule>'} --disable 1), or add a node`);
  }
  const told = short.slice(0, NODES_TOLD).map(({ place, lacks }) => lacks.map((lack) => sentenceOf(lack, place)).join(' and '));
  const more = short.length > NODES_TOLD ? `; ${short.length - NODES_TOLD} more nodes lack more` : '';
  const [resource, mebibytes] = nearest.lacks[0] as Lack;
  const amount = renderBytes(mebibytes * MIB);
  if (resource.includes('/')) return refuse('storage-full', `${told.join('; ')} for ${names}${more}`, `free ${amount} on ${resource.replace('/', "'s ")}, or move the disks to a shared storage`);
  const parking = request.parking ? '' : ', or let guests of other nodes move to make room (--parking)';
  return refuse('memory-insufficient', `${told.join('; ')} for ${names}${more}`, `free ${amount} on ${nearest.place.node}${spare(request.spareMemoryPercent)}${parking}`);
}

type Lack = readonly [resource: string, mebibytes: number];

const total = (lacks: readonly Lack[]): number => lacks.reduce((sum, [, mebibytes]) => sum + mebibytes, 0);

function sentenceOf([resource, mebibytes]: Lack, { node }: Place): string {
  const amount = renderBytes(mebibytes * MIB);
  return resource === node ? `${node} lacks ${amount} of memory` : `${node} lacks ${amount} on ${resource.slice(node.length + 1)}`;
}

const spare = (percent: number): string => (percent > 0 ? `, keep less free (--spare-memory, now ${percent} %)` : '');
