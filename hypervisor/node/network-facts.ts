import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { NodeAddress, NodeFacts } from '../../domain/contracts/facts.js';
import { runOk } from '../exec.js';

/** Every address of the node, those of interfaces that are down too. Without IPv6 link-local ones, which need a zone. */
export async function nodeAddresses(): Promise<readonly NodeAddress[]> {
  const interfaces = Interfaces.parse(JSON.parse(await runOk('ip', ['-json', 'addr', 'show'], { timeoutMs: 5000 })));
  return interfaces.flatMap(({ ifname, flags, operstate, addr_info: addresses }) => {
    // Interfaces without a notion of carrier (loopback, dummy) say UNKNOWN.
    const up = flags.includes('UP') && (operstate === 'UP' || operstate === 'UNKNOWN');
    return addresses.filter(({ family, scope }) => family === 'inet' || (family === 'inet6' && scope !== 'link'))
      .map(({ local, prefixlen }): NodeAddress => ({ interface: ifname, address: local, prefixLength: prefixlen, up }));
  });
}

/** `folder`: where the kernel tells its interfaces. */
export function nodeBridges(folder = '/sys/class/net'): Pick<NodeFacts, 'bridges' | 'vlanAwareBridges'> {
  const bridges = readdirSync(folder).filter((name) => existsSync(join(folder, name, 'bridge'))).sort();
  return { bridges, vlanAwareBridges: bridges.filter((bridge) => filtersVlans(join(folder, bridge))) };
}

/** What an interface carries, bytes per second, as its driver says; null: it does not (a virtual one, or the link is down). */
export function linkSpeed(name: string, folder = '/sys/class/net'): number | null {
  try {
    const megabits = Number(readFileSync(join(folder, name, 'speed'), 'utf8').trim());
    return megabits > 0 ? (megabits * 1_000_000) / 8 : null;
  } catch {
    return null;
  }
}

/** False for a bridge that went away meanwhile. */
function filtersVlans(folder: string): boolean {
  try {
    return readFileSync(join(folder, 'bridge', 'vlan_filtering'), 'utf8').trim() === '1';
  } catch {
    return false;
  }
}

const Interfaces = z.array(z.object({
  ifname: z.string(), flags: z.array(z.string()), operstate: z.string(),
  addr_info: z.array(z.object({ family: z.string(), local: z.string(), prefixlen: z.number(), scope: z.string() })),
}));
