import { existsSync, readdirSync } from 'node:fs';
import { z } from 'zod';
import type { NodeAddress } from '../../domain/contracts/facts.js';
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

export function nodeBridges(): readonly string[] {
  return readdirSync('/sys/class/net').filter((name) => existsSync(`/sys/class/net/${name}/bridge`)).sort();
}

const Interfaces = z.array(z.object({
  ifname: z.string(), flags: z.array(z.string()), operstate: z.string(),
  addr_info: z.array(z.object({ family: z.string(), local: z.string(), prefixlen: z.number(), scope: z.string() })),
}));
