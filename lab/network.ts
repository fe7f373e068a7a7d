import { existsSync } from 'node:fs';
import type { NodeName } from '../domain/ids.js';
import { LabError } from './errors.js';
import { type Layout, NETWORKS, type Network, cableEnds, namespacePath, nodeAddress, nodeIndex, nodeNamespace, switchPort } from './layout.js';
import { namesIn } from './names-in.js';
import { must, run } from './run.js';

const ALL_NETWORKS: readonly Network[] = ['mgmt', 'mig', 'guest'];
const NAMESPACES = '/run/netns';

/** The switches, one bridge for each network, in a namespace of their own that is also the outside client. */
export async function makeSwitch(layout: Layout): Promise<void> {
  const ns = layout.switchNamespace;
  await addNamespace(ns);
  await ipBatch(ns, [
    'link set lo up',
    ...ALL_NETWORKS.flatMap((n) => [`link add ${NETWORKS[n].bridge} type bridge forward_delay 0`, `link set ${NETWORKS[n].bridge} up`]),
    `addr add ${NETWORKS.mgmt.prefix}.254/24 dev ${NETWORKS.mgmt.bridge}`,
    `addr add ${NETWORKS.guest.prefix}.254/24 dev ${NETWORKS.guest.bridge}`,
  ]);
}

/** The node's network cards, cabled to the switches, and its guest bridge `vmbr0`. */
export async function makeNodeNetwork(layout: Layout, node: NodeName): Promise<void> {
  const ns = nodeNamespace(layout, node);
  await addNamespace(ns);
  await ipBatch(layout.switchNamespace, ALL_NETWORKS.flatMap((n) => [
    `link add ${switchPort(node, n)} type veth peer name ${NETWORKS[n].device} address ${macOf(node, n)} netns ${ns}`,
    `link set ${switchPort(node, n)} master ${NETWORKS[n].bridge} up`,
  ]));
  await ipBatch(ns, [
    'link set lo up',
    ...ALL_NETWORKS.map((n) => `link set ${NETWORKS[n].device} up`),
    `addr add ${nodeAddress(node, 'mgmt')}/24 dev eth0`,
    `addr add ${nodeAddress(node, 'mig')}/24 dev eth1`,
    'link add vmbr0 type bridge forward_delay 0',
    'link set eth2 master vmbr0',
    'link set vmbr0 up',
    `addr add ${nodeAddress(node, 'guest')}/24 dev vmbr0`,
  ]);
}

/** All cables of a node, in or out; a partitioned port stays out of its bridge. */
export async function setCables(layout: Layout, node: NodeName, up: boolean): Promise<void> {
  await ipBatch(layout.switchNamespace, ALL_NETWORKS.map((n) => `link set ${switchPort(node, n)} ${up ? 'up' : 'down'}`));
}

/** Pulls one cable: the node sees its carrier go. */
export async function partition(layout: Layout, node: NodeName, network: Network): Promise<void> {
  const port = switchPort(node, network);
  await ipBatch(layout.switchNamespace, [`link set ${port} nomaster`, `link set ${port} down`]);
}

export async function heal(layout: Layout, node: NodeName, network: Network): Promise<void> {
  const port = switchPort(node, network);
  await ipBatch(layout.switchNamespace, [`link set ${port} up`, `link set ${port} master ${NETWORKS[network].bridge}`]);
}

export interface InterfaceBytes {
  readonly rxBytes: number;
  readonly txBytes: number;
}

/** The kernel's counters of the node's own interface. */
export async function interfaceBytes(layout: Layout, node: NodeName, network: Network): Promise<InterfaceBytes> {
  const text = await must(['ip', '-n', nodeNamespace(layout, node), '-j', '-s', 'link', 'show', 'dev', NETWORKS[network].device]);
  const [link] = JSON.parse(text) as { stats64?: { rx: { bytes: number }; tx: { bytes: number } } }[];
  if (!link?.stats64) throw new LabError(`reading counters failed: ${node} ${network}: no stats64 in ${text}`);
  return { rxBytes: link.stats64.rx.bytes, txBytes: link.stats64.tx.bytes };
}

/** true while the node's port is in its bridge. */
export async function isCabled(layout: Layout, node: NodeName, network: Network): Promise<boolean> {
  const text = await must(['ip', '-n', layout.switchNamespace, '-j', 'link', 'show', 'dev', switchPort(node, network)]);
  const [link] = JSON.parse(text) as { master?: string; flags: string[] }[];
  return link?.master !== undefined && link.flags.includes('UP');
}

/** Removes every namespace of this lab, and the machine's directory for them when it is left empty. */
export async function removeNetwork(layout: Layout): Promise<void> {
  for (const ns of await ownNamespaces(layout)) await run(['ip', 'netns', 'del', ns]);
  if (existsSync(NAMESPACES) && (await namesIn(NAMESPACES)).length === 0) {
    // `ip netns add` mounts the directory on itself; flock keeps a lab that starts beside us out of the gap
    await run(['flock', '/run', 'sh', '-c', `rmdir ${NAMESPACES} 2>/dev/null || { umount ${NAMESPACES} && rmdir ${NAMESPACES}; }`]);
  }
}

export async function ownNamespaces(layout: Layout): Promise<string[]> {
  return (await namesIn(NAMESPACES)).filter((n) => n.startsWith(`fl${layout.id}-`));
}

/** argv that runs a program in the network of the switch (the outside) or a node, in the machine's file system. */
export const inNamespace = (namespace: string, argv: readonly string[]): string[] => ['nsenter', `--net=${namespacePath(namespace)}`, ...argv];

/** Limits the rate of one cable in both directions, e.g. `100mbit`; `off` removes the limit. */
export async function slow(layout: Layout, node: NodeName, network: Network, rate: string): Promise<void> {
  for (const { namespace, device } of cableEnds(layout, node, network)) {
    await run(['tc', '-n', namespace, 'qdisc', 'del', 'dev', device, 'root']);
    if (rate === 'off') continue;
    await must(['tc', '-n', namespace, 'qdisc', 'add', 'dev', device, 'root', 'tbf', 'rate', rate, 'burst', '256kb', 'latency', '50ms']);
  }
}

/** `sent`: what the node sends; `received`: what is sent to it. */
export type Direction = 'both' | 'sent' | 'received';

/** Random loss, in percent; 0 removes it in both directions, 100 is a silent black hole: the link stays up. */
export async function lose(layout: Layout, node: NodeName, network: Network, percent: number, direction: Direction = 'both'): Promise<void> {
  for (const [i, { namespace, device }] of cableEnds(layout, node, network).entries()) {
    const table = `loss_${device.replaceAll('-', '_')}`;
    await run(inNamespace(namespace, ['nft', 'delete', 'table', 'netdev', table]));
    // Dropped where it comes out of the cable: what the node sends, at the switch.
    if (percent === 0 || direction === (i === 0 ? 'received' : 'sent')) continue;
    const match = percent === 100 ? '' : `numgen random mod 10000 < ${Math.round(percent * 100)} `;
    await must(inNamespace(namespace, ['nft', '-f', '-']), {
      stdin: `table netdev ${table} { chain in { type filter hook ingress device "${device}" priority 0; policy accept; ${match}drop; }; }\n`,
    });
  }
}

async function addNamespace(name: string): Promise<void> {
  await must(['flock', '/run', 'ip', 'netns', 'add', name]);
  const quiet = ['net.ipv6.conf.all.disable_ipv6=1', 'net.ipv6.conf.default.disable_ipv6=1'];
  await must(inNamespace(name, ['sysctl', '-qw', ...quiet]));
}

const ipBatch = (namespace: string, commands: readonly string[]): Promise<string> =>
  must(['ip', '-n', namespace, '-batch', '-'], { stdin: `${commands.join('\n')}\n` });

const macOf = (node: NodeName, network: Network): string =>
  `02:0${ALL_NETWORKS.indexOf(network)}:00:00:00:${nodeIndex(node).toString(16).padStart(2, '0')}`;
