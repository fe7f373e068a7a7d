import ipaddr from 'ipaddr.js';

type Address = ReturnType<typeof ipaddr.parse>;
export type Cidr = ReturnType<typeof ipaddr.parseCIDR>;

/** `10.1.2.0/24` or `fd00::/64`; host bits may be set, as PVE's documentation writes it. null: not a CIDR. */
export function parseCidr(text: string): Cidr | null {
  // Four decimal parts only: the library also reads `10.1/16` and octal numbers, as inet_aton did.
  const valid = text.includes(':') ? ipaddr.IPv6.isValidCIDR(text) : ipaddr.IPv4.isValidCIDRFourPartDecimal(text);
  return valid ? ipaddr.parseCIDR(text) : null;
}

/** null: not an IP address. */
export function parseAddress(text: string): Address | null {
  const valid = text.includes(':') ? ipaddr.IPv6.isValid(text) : ipaddr.IPv4.isValidFourPartDecimal(text);
  return valid ? ipaddr.parse(text) : null;
}

export function contains([network, prefixLength]: Cidr, address: Address): boolean {
  return network.kind() === address.kind() && address.match(network, prefixLength);
}
