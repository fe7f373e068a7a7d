import type { ColdPlan, MigrationPlan } from '../contracts/plan.js';
import { isCold } from '../contracts/plan.js';
import type { DeclaredLink, Pool, SlotClass, SlotNeed } from '../contracts/slots.js';
import type { NodeName } from '../ids.js';
import { limitsOfLink, limitsOfNode, type SlotsConfig } from './limits.js';
import { linkResource } from './words.js';

/**
 * What a migration from `source` to `target` may need, before it is planned: `out` of the one, `in` of the other, a transfer of every
 * link between. Sorted by the resources' names: in this order every migration takes them, so no two wait for each other.
 */
export function needsOf(source: NodeName, target: NodeName, slots: SlotsConfig, links: Readonly<Record<string, DeclaredLink>>): readonly SlotNeed[] {
  if (!slots.enabled || source === target) return [];
  const needs: SlotNeed[] = [
    { resource: source, pools: ['prepare-out', 'transfer-out', 'switchover-out'], configured: limitsOfNode(slots, source) },
    { resource: target, pools: ['prepare-in', 'transfer-in', 'switchover-in'], configured: limitsOfNode(slots, target) },
    ...Object.entries(links).filter(([, link]) => usesLink(link, source, target))
      .map(([name, link]): SlotNeed => ({ resource: linkResource(name), pools: ['transfer'], configured: limitsOfLink(link) })),
  ];
  return needs.sort((a, b) => (a.resource < b.resource ? -1 : 1));
}

/** What the plan does not cost after all: a guest that stands still switches nothing, and one without volumes to copy sends nothing. */
export function unneededBy(plan: MigrationPlan): readonly SlotClass[] {
  if (!isCold(plan)) return [];
  const { mode, volumes }: ColdPlan = plan;
  return [...(mode === 'offline' ? ['switchover' as const] : []), ...(volumes.length === 0 ? ['transfer' as const] : [])];
}

/** What is left of the needs; a resource of which nothing is needed is left out. */
export const needsWithout = (needs: readonly SlotNeed[], classes: readonly SlotClass[]): readonly SlotNeed[] =>
  needs.map((need) => ({ ...need, pools: need.pools.filter((pool) => !classes.includes(classOf(pool))) })).filter(({ pools }) => pools.length > 0);

export const classOf = (pool: Pool): SlotClass => pool.split('-')[0] as SlotClass;

export function usesLink({ nodes, counts }: DeclaredLink, source: NodeName, target: NodeName): boolean {
  const [leaves, arrives] = [nodes.includes(source), nodes.includes(target)];
  return counts === 'all' ? leaves || arrives : leaves !== arrives;
}
