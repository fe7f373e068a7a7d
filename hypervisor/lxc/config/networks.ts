import type { Vmid } from '../../../domain/ids.js';
import type { CtNet } from '../../../domain/guest/ct-config.js';
import { vethName } from '../paths.js';

/** One card: a veth pair with PVE's name on the node's side. `link_down=1` is a cable that is not plugged in. */
export function networkLines(vmid: Vmid, net: CtNet): readonly (readonly [key: string, value: string | number])[] {
  const optional = (key: string, value: string | number | null): readonly (readonly [string, string | number])[] => (value === null ? [] : [[key, value]]);
  const lines = [
    ['type', 'veth'] as const,
    ...optional('link', net.linkDown ? null : net.bridge),
    ['flags', 'up'] as const,
    ['name', net.name] as const,
    ['veth.pair', vethName(vmid, net.index)] as const,
    ...optional('hwaddr', net.mac),
    ...optional('mtu', net.mtu),
    ...optional('veth.vlan.id', net.linkDown ? null : net.tag),
    ...optional('ipv4.address', net.ip),
    ...optional('ipv4.gateway', net.ip === null ? null : net.gateway),
    ...optional('ipv6.address', net.ip6),
    ...optional('ipv6.gateway', net.ip6 === null ? null : net.gateway6),
  ];
  return lines.map(([key, value]) => [`lxc.net.${net.index}.${key}`, value] as const);
}
