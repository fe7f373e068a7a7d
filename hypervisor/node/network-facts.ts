import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import type { NodeAddress, NodeFacts } from '../../domain/contracts/facts.js';
import { runOk } from '../exec.js';

/**
 * Every address of the node, those of interfaces that are down too. Without IPv6 link-local ones, which need a zone. Asked anew
 * whenever `now`, what can be seen without asking, has changed; and each time when not everything can.
 */
export function nodeAddresses(now: () => string | null = interfacesNow, ask: () => Promise<readonly NodeAddress[]> = askAddresses): Promise<readonly NodeAddress[]> {
  const interfaces = now();
  if (interfaces !== null && known?.interfaces === interfaces) return known.addresses;
  const addresses = ask();
  known = interfaces === null ? null : { interfaces, addresses };
  addresses.catch(() => { known = null; });
  return addresses;
}

/** A process started for it takes longer than all the other questions together. */
let known: { readonly interfaces: string; readonly addresses: Promise<readonly NodeAddress[]> } | null = null;

/** What this process sees of interfaces that are up. null: one is down, and what addresses that has it does not see. */
function interfacesNow(): string | null {
  const own = readdirSync(INTERFACES).filter((name) => !GUESTS_OWN.test(name));
  return own.every(isUp) ? JSON.stringify([own, networkInterfaces()]) : null;
}

const INTERFACES = '/sys/class/net';
/** As PVE names them: they come and go, and have no address. */
const GUESTS_OWN = /^(?:tap|veth|fwbr|fwpr|fwln)\d+[ip]\d+$/;

/** Interfaces without a notion of carrier (loopback, dummy) say unknown. */
function isUp(name: string): boolean {
  try {
    return ['up', 'unknown'].includes(readFileSync(join(INTERFACES, name, 'operstate'), 'utf8').trim());
  } catch {
    return false;
  }
}

async function askAddresses(): Promise<readonly NodeAddress[]> {
  const interfaces = Interfaces.parse(JSON.parse(await runOk('ip', ['-json', 'addr', 'show'], { timeoutMs: 5000 })));
  return interfaces.flatMap(({ ifname, flags, operstate, addr_info: addresses }) => {
    const up = flags.includes('UP') && (operstate === 'UP' || operstate === 'UNKNOWN');
    return addresses.filter(({ family, scope }) => family === 'inet' || (family === 'inet6' && scope !== 'link'))
      .map(({ local, prefixlen }): NodeAddress => ({ interface: ifname, address: local, prefixLength: prefixlen, up }));
  });
}

/** `folder`: where the kernel tells its interfaces. */
export function nodeBridges(folder = INTERFACES): Pick<NodeFacts, 'bridges' | 'vlanAwareBridges'> {
  const bridges = readdirSync(folder).filter((name) => existsSync(join(folder, name, 'bridge'))).sort();
  return { bridges, vlanAwareBridges: bridges.filter((bridge) => filtersVlans(join(folder, bridge))) };
}

/** What an interface carries, bytes per second, as its driver says; null: it does not (a virtual one, or the link is down). */
export function linkSpeed(name: string, folder = INTERFACES): number | null {
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
