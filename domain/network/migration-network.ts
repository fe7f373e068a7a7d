import type { ClusterMember, NodeAddress, NodeFacts } from '../contracts/facts.js';
import type { Refusal } from '../contracts/plan.js';
import type { NodeName } from '../ids.js';
import { contains, parseAddress, parseCidr, type Cidr } from './cidr.js';

export interface MigrationAddresses {
  /** The CIDR as written, null for the management network. */
  readonly network: string | null;
  readonly sourceAddress: string;
  readonly targetAddress: string;
}

export type AddressChoice =
  | { readonly refusals: readonly []; readonly addresses: MigrationAddresses }
  | { readonly refusals: readonly Refusal[]; readonly addresses: null };

type Found = { readonly address: string } | { readonly refusal: Refusal };

/**
 * The address of each side that the migration's data uses: of its interfaces that are up, the one inside `network`; without
 * a network the management address from the member list. None, or several different ones, is a refusal, never a guess.
 */
export function chooseAddresses(
  network: string | null,
  source: NodeFacts,
  target: NodeFacts,
  members: readonly ClusterMember[],
): AddressChoice {
  const cidr = network === null ? null : parseCidr(network);
  if (network !== null && cidr === null) return { refusals: [invalidNetwork(network)], addresses: null };
  const find = (node: NodeFacts): Found =>
    network === null || cidr === null ? managementAddress(node.node, members) : addressInNetwork(node, network, cidr);
  const [from, to] = [find(source), find(target)];
  if ('address' in from && 'address' in to) {
    return { refusals: [], addresses: { network, sourceAddress: from.address, targetAddress: to.address } };
  }
  return { refusals: [from, to].flatMap((found) => ('refusal' in found ? [found.refusal] : [])), addresses: null };
}

function managementAddress(node: NodeName, members: readonly ClusterMember[]): Found {
  const ip = members.find(({ name }) => name === node)?.ip ?? '';
  if (parseAddress(ip) !== null) return { address: ip };
  return {
    refusal: {
      code: 'node-address-unknown',
      sentence: `failed to get ip for node '${node}': the member list has ${ip === '' ? 'none' : `'${ip}'`}`,
      remedy: `check that ${node} resolves in the cluster (.members), or name a migration network`,
    },
  };
}

function addressInNetwork({ node, addresses }: NodeFacts, network: string, cidr: Cidr): Found {
  const inside = addresses.filter(({ address }) => {
    const parsed = parseAddress(address);
    return parsed !== null && contains(cidr, parsed);
  });
  const distinct = [...new Set(inside.filter(({ up }) => up).map(({ address }) => address))];
  const [only, ...others] = distinct;
  if (only === undefined) return { refusal: noAddress(node, network, inside) };
  return others.length === 0 ? { address: only } : { refusal: severalAddresses(node, network, inside) };
}

function invalidNetwork(network: string): Refusal {
  return {
    code: 'migration-network-invalid',
    sentence: `migration network '${network}' is not a CIDR`,
    remedy: 'write it as address/prefix, for example 10.1.2.0/24',
  };
}

function noAddress(node: NodeName, network: string, down: readonly NodeAddress[]): Refusal {
  const seen = down.map(({ interface: name, address }) => `${address} on ${name}, which is down`).join('; ');
  return {
    code: 'migration-network-missing',
    sentence:
      `failed to get ip for node '${node}' in network '${network}': no IP address configured on local node for network '${network}'` +
      (seen === '' ? '' : ` (${seen})`),
    remedy: `give ${node} an address in ${network} on an interface that is up, or choose another migration network`,
  };
}

function severalAddresses(node: NodeName, network: string, inside: readonly NodeAddress[]): Refusal {
  const list = inside.filter(({ up }) => up).map(({ interface: name, address }) => `${address} on ${name}`).join(', ');
  return {
    code: 'migration-network-ambiguous',
    sentence: `failed to get ip for node '${node}': multiple, different, IP address configured for network '${network}': ${list}`,
    remedy: `choose a narrower migration network, in which ${node} has one address`,
  };
}
