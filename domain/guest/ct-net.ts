import type { CtNet } from './ct-config.js';
import { isVlan, MAC } from './net.js';
import { parseBoolean, parsePropertyString, type Parsed } from './property-string.js';

const CIDR4 = /^(?:\d{1,3}\.){3}\d{1,3}\/(?:[12]?\d|3[0-2])$/;
const CIDR6 = /^[0-9a-f:.]*:[0-9a-f:.]*\/\d{1,3}$/i;
const ELSEWHERE = ['dhcp', 'manual', 'auto'];
/** IFNAMSIZ is 16 with its closing zero (linux/if.h). */
const INTERFACE = /^[\w-][\w.-]{0,14}$/;

/** One `netN` line of a container, taken apart. `problems` is empty when it is well-formed. */
export function parseCtNet(key: string, text: string): Parsed<CtNet> {
  const { properties, problems } = parsePropertyString(text);
  const { name, bridge, hwaddr, ip, gw, ip6, gw6, tag, mtu, link_down: linkDown, ...options } = properties;
  if (name === undefined) return { value: null, problems: [...problems, `no interface name in '${text}'`] };
  const found = [...problems];
  const check = (fine: boolean, problem: string): void => void (fine || found.push(problem));
  const address = (label: string, written: string | undefined, form: RegExp): string | null => {
    if (written === undefined || ELSEWHERE.includes(written)) return null;
    check(form.test(written), `${label} is not an address with a prefix length: '${written}'`);
    return written;
  };
  check(INTERFACE.test(name), `not an interface name: '${name}'`);
  check(bridge === undefined || INTERFACE.test(bridge), `not a bridge name: '${bridge}'`);
  check(hwaddr === undefined || MAC.test(hwaddr), `not a MAC address: '${hwaddr}'`);
  check(tag === undefined || isVlan(tag), `tag is not a VLAN from 1 to 4094: '${tag}'`);
  check(mtu === undefined || /^[1-9]\d{1,4}$/.test(mtu), `not an MTU: '${mtu}'`);
  check((options['type'] ?? 'veth') === 'veth', `type is not veth: '${options['type']}'`);
  check(gw === undefined || CIDR4.test(`${gw}/0`), `gw is not an address: '${gw}'`);
  check(gw6 === undefined || CIDR6.test(`${gw6}/0`), `gw6 is not an address: '${gw6}'`);
  check(parseBoolean(linkDown ?? '0') !== null, `link_down: expected 0 or 1, got '${linkDown}'`);
  const net: CtNet = {
    key, index: Number(key.slice('net'.length)), name,
    bridge: bridge ?? null, mac: hwaddr ?? null,
    ip: address('ip', ip, CIDR4), gateway: gw ?? null,
    ip6: address('ip6', ip6, CIDR6), gateway6: gw6 ?? null,
    tag: tag === undefined ? null : Number(tag), mtu: mtu === undefined ? null : Number(mtu),
    linkDown: parseBoolean(linkDown ?? '0') === true, options,
  };
  return { value: net, problems: found };
}
