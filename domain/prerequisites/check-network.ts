import type { NodeFacts } from '../contracts/facts.js';
import type { Refusal } from '../contracts/plan.js';
import { chooseAddresses, type AddressChoice } from '../network/migration-network.js';
import type { CheckContext } from './context.js';
import { refuse } from './refuse.js';

/** The way between the nodes, and the bridges the guest hangs on. */
export function checkNetwork(context: CheckContext): readonly Refusal[] {
  return [...checkAddresses(context), ...checkBridges(context)];
}

export const checkAddresses = (context: CheckContext): readonly Refusal[] => migrationAddresses(context)?.refusals ?? [];

/** The request's network beats datacenter.cfg's; null: one of the nodes is not known well enough to say. */
export function migrationAddresses({ request, cluster, source, target }: CheckContext): AddressChoice | null {
  if (source === null || target === null) return null;
  return chooseAddresses(request.migrationNetwork ?? cluster.datacenter.migration.network, source, target, cluster.members);
}

/** PVE finds out when the guest starts on the target. */
export function checkBridges({ cluster: { guest }, target, request: { vmid } }: CheckContext): Refusal[] {
  if (guest === null || target === null) return [];
  const nets = guest.kind === 'lxc' ? guest.config.nets.map(({ key, ...net }) => ({ ...net, name: key })) : guest.config.nets;
  const tool = guest.kind === 'lxc' ? 'pct' : 'qm';
  return nets.flatMap(({ name, bridge, tag }) => {
    if (bridge === null) return [];
    if (target.bridges.includes(bridge)) return tag === null ? [] : checkVlan(target, { name, bridge, tag });
    const remedy = `create ${bridge} on ${target.node}, or connect ${name} elsewhere: ${tool} set ${vmid} --${name} …,bridge=<bridge>`;
    return [refuse('bridge-missing', `bridge '${bridge}' of ${name} does not exist on node '${target.node}'`, remedy)];
  });
}

function checkVlan({ node, vlanAwareBridges }: NodeFacts, { name, bridge, tag }: { readonly name: string; readonly bridge: string; readonly tag: number }): Refusal[] {
  if (vlanAwareBridges?.includes(bridge) ?? true) return [];
  const sentence = `${name} has VLAN tag ${tag}, and bridge '${bridge}' on node '${node}' is not VLAN-aware`;
  return [refuse('bridge-not-vlan-aware', sentence, `set bridge-vlan-aware yes for ${bridge} in /etc/network/interfaces on ${node}, then: ifreload -a`)];
}
