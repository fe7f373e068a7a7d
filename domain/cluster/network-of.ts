import ipaddr from 'ipaddr.js';
import { parseCidr } from '../network/cidr.js';

/** The network of a CIDR, host bits cleared: `10.10.10.150/24` is `10.10.10.0/24`. null: not a CIDR PVE takes (a prefix of at least 8). */
export function networkOf(text: string): string | null {
  const cidr = parseCidr(text);
  if (cidr === null || cidr[1] < SHORTEST_PREFIX || text.includes('%')) return null;
  const written = `${cidr[0].toString()}/${cidr[1]}`;
  const network = cidr[0].kind() === 'ipv4' ? ipaddr.IPv4.networkAddressFromCIDR(written) : ipaddr.IPv6.networkAddressFromCIDR(written);
  return `${network.toString()}/${cidr[1]}`;
}

const SHORTEST_PREFIX = 8;
