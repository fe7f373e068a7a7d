import type { NodeRoom, PlacementRule } from '../contracts/evacuation.js';
import type { Refusal } from '../contracts/plan.js';
import type { NodeName, Vmid } from '../ids.js';
import { refuse } from '../prerequisites/refuse.js';
import { MIB } from '../units.js';
import { footprintBytes, guestName, isRefusal } from './guest-load.js';
import { mayHost, type Hosting } from './may-host.js';
import type { BlockMember, Place, PlanQuestion, Takes } from './problem.js';
import { evacuees, locationOf } from './whereabouts.js';

/** Where these guests may go together, room for them aside; `why`: what speaks against it, worth telling when there is no place. */
export function placesOf(members: readonly BlockMember[], only: readonly NodeName[] | null, question: PlanQuestion): { readonly places: readonly Place[]; readonly why: Refusal } {
  const home = members[0]?.guest.node;
  const places: Place[] = [];
  const against: Refusal[] = [];
  for (const room of question.inventory.nodes.filter(({ node }) => node !== home)) {
    const place = placeOn(room, members, only, question);
    if (isRefusal(place)) against.push(place);
    else places.push(place);
  }
  return { places, why: summary(members, against) };
}

/** What these guests take of a node, each rounded up: so is what each of them takes by itself. */
export function takesOf(members: readonly BlockMember[], node: NodeName, spaceOf: (member: BlockMember) => Hosting['space']): Takes {
  const mebibytes = new Map<string, number>();
  const add = (resource: string, bytes: number): void => void (bytes > 0 && mebibytes.set(resource, (mebibytes.get(resource) ?? 0) + Math.ceil(bytes / MIB)));
  for (const member of members) {
    add(node, footprintBytes(member.guest));
    for (const { storage, bytes } of spaceOf(member)) add(`${node}/${storage}`, bytes);
  }
  return [...mebibytes];
}

function placeOn(room: NodeRoom, members: readonly BlockMember[], only: readonly NodeName[] | null, question: PlanQuestion): Place | Refusal {
  const { inventory, request } = question;
  const names = members.map(({ guest }) => guestName(guest)).join(', ');
  if (only !== null && !only.includes(room.node)) {
    return refuse('rule-resource-affinity', `a positive affinity rule wants ${names} on ${only.join(', ')}, so not on ${room.node}`, 'make room there, or disable the rule: ha-manager rules list');
  }
  const hostings = new Map<Vmid, Hosting>();
  for (const { guest, mode } of members) {
    const source = inventory.nodes.find(({ node }) => node === guest.node) ?? null;
    const hosting = mayHost(guest, room, { request, rules: inventory.rules, avoid: question.avoid, source, mode });
    if (isRefusal(hosting)) return hosting;
    hostings.set(guest.vmid, hosting);
  }
  const neighbour = badNeighbour(room, members, question);
  if (neighbour !== null) return neighbour;
  return {
    node: room.node,
    strays: Math.max(...members.map(({ guest }) => strays(guest.vmid, room.node, inventory.rules))),
    takes: takesOf(members, room.node, ({ guest }) => hostings.get(guest.vmid)?.space ?? []),
    hostings,
  };
}

/** A guest that does not move, from which a negative rule keeps these apart. One that may move is for the solver to see to. */
function badNeighbour({ node }: NodeRoom, members: readonly BlockMember[], question: PlanQuestion): Refusal | null {
  const moves = new Set([...evacuees(question), ...members.map(({ guest }) => guest)].map(({ vmid }) => vmid));
  for (const rule of question.inventory.rules) {
    if (rule.kind !== 'resource-affinity' || rule.affinity !== 'negative') continue;
    const mine = members.find(({ guest }) => rule.guests.includes(guest.vmid));
    const other = rule.guests.find((vmid) => !moves.has(vmid) && locationOf(question, vmid) === node);
    if (mine === undefined || other === undefined) continue;
    return refuse('rule-resource-affinity', `rule ${rule.id} keeps ${guestName(mine.guest)} apart from guest ${other}, which is on ${node}`, `move guest ${other}, or disable the rule: ha-manager rules set resource-affinity ${rule.id} --disable 1`);
  }
  return null;
}

/** 0 on a node of the highest priority, 1 on one the rule does not name. */
function strays(vmid: Vmid, node: NodeName, rules: readonly PlacementRule[]): number {
  for (const rule of rules) {
    if (rule.kind !== 'node-affinity' || !rule.guests.includes(vmid)) continue;
    const classes = [...new Set(rule.nodes.map(({ priority }) => priority))].sort((a, b) => b - a);
    const named = rule.nodes.find((known) => known.node === node);
    return named === undefined ? 1 : classes.indexOf(named.priority) / classes.length;
  }
  return 0;
}

/** Reasons about the guest come before those about nodes that are out of the question anyway. */
function summary(members: readonly BlockMember[], against: readonly Refusal[]): Refusal {
  const names = members.map(({ guest }) => guestName(guest)).join(', ');
  const isAboutNode = ({ code }: Refusal): boolean => code.startsWith('node-') && code !== 'node-failed';
  const [first] = [...against].sort((a, b) => Number(isAboutNode(a)) - Number(isAboutNode(b)));
  if (first === undefined) return refuse('no-other-node', `no other node can take ${names}: there is none`, 'add a node, or start one that is offline');
  const told = against.filter(({ code }) => code !== 'node-evacuated').map(({ sentence }) => sentence);
  return refuse(first.code, `no node can take ${names}: ${[...new Set(told)].join('; ')}`, first.remedy);
}
