import type { PlacementRule } from '../contracts/evacuation.js';
import type { Refusal } from '../contracts/plan.js';
import type { NodeName, Vmid } from '../ids.js';
import { refuse } from '../prerequisites/refuse.js';
import { guestName } from './guest-load.js';
import type { BlockMember, PlanQuestion } from './problem.js';
import { locationOf } from './whereabouts.js';

/** Guests that have to go to one node together. */
export interface Binding {
  readonly members: readonly BlockMember[];
  /** Where others of them are already, who do not move; null: nowhere. */
  readonly only: readonly NodeName[] | null;
  /** Why none of them can move; null: they may. */
  readonly stuck: Refusal | null;
}

/** Puts guests together that positive rules bind; rules that overlap count as one (pve-ha-manager, ResourceAffinity.pm). */
export function bindings(movable: readonly BlockMember[], question: PlanQuestion): readonly Binding[] {
  const groups = positiveGroups(question.inventory.rules);
  const bound = new Map<Vmid, readonly Vmid[]>(groups.flatMap((group) => group.map((vmid) => [vmid, group] as const)));
  const byGroup = new Map<readonly Vmid[], BlockMember[]>();
  for (const member of movable) {
    const group = bound.get(member.guest.vmid) ?? [member.guest.vmid];
    byGroup.set(group, [...(byGroup.get(group) ?? []), member]);
  }
  return [...byGroup].map(([group, members]) => bind(group, members, question));
}

function bind(group: readonly Vmid[], members: readonly BlockMember[], question: PlanQuestion): Binding {
  const { request: { node }, inventory: { rules } } = question;
  const moves = new Set(members.map(({ guest }) => guest.vmid));
  const others = group.filter((vmid) => !moves.has(vmid)).map((vmid) => ({ vmid, at: locationOf(question, vmid) })).filter(({ at }) => at !== null);
  const left = others.find(({ at }) => at === node);
  const contradiction = rules.find((rule) => rule.kind === 'resource-affinity' && rule.affinity === 'negative' && rule.guests.filter((vmid) => moves.has(vmid)).length > 1);
  const names = members.map(({ guest }) => guestName(guest)).join(', ');
  const stuck = left !== undefined
    ? refuse('rule-resource-affinity', `a positive affinity rule keeps ${names} with guest ${left.vmid}, which stays on ${node}`, `help guest ${left.vmid} to move first, or disable the rule: ha-manager rules list`)
    : contradiction === undefined ? null
      : refuse('rules-contradict', `rule ${contradiction.id} keeps ${names} apart, and a positive affinity rule keeps them together`, `disable one of the rules: ha-manager rules set resource-affinity ${contradiction.id} --disable 1`);
  return { members, only: others.length === 0 ? null : [...new Set(others.map(({ at }) => at as NodeName))], stuck };
}

function positiveGroups(rules: readonly PlacementRule[]): readonly (readonly Vmid[])[] {
  let groups: (readonly Vmid[])[] = [];
  for (const rule of rules) {
    if (rule.kind !== 'resource-affinity' || rule.affinity !== 'positive') continue;
    const touching = groups.filter((group) => group.some((vmid) => rule.guests.includes(vmid)));
    groups = [...groups.filter((group) => !touching.includes(group)), [...new Set([...rule.guests, ...touching.flat()])]];
  }
  return groups;
}
