import { createHash } from 'node:crypto';
import { join, resolve } from 'node:path';
import type { NodeName } from '../domain/ids.js';
import { EXIT, LabError } from './errors.js';

/** The three networks of the lab: name, prefix, the node's interface. The switch namespace is .254 on mgmt and guest. */
export const NETWORKS = {
  mgmt: { prefix: '10.20.0', device: 'eth0', bridge: 'br-mgmt' },
  mig: { prefix: '10.10.10', device: 'eth1', bridge: 'br-mig' },
  guest: { prefix: '10.30.0', device: 'eth2', bridge: 'br-guest' },
} as const;
export type Network = keyof typeof NETWORKS;

/** Where nodes find Temporal: the switch's management address. */
export const RELAY_ADDRESS = `${NETWORKS.mgmt.prefix}.254:7233`;
export const MAX_NODES = 20;
/** A guest's address is 10.30.0.<vmid>, beside the nodes and the switch. */
export const VMID_RANGE = { min: 100, max: 253 } as const;

/** Every name and path of one lab. Everything it makes on disk is below `dir`. */
export interface Layout {
  readonly home: string;
  readonly dir: string;
  /** 6 hex digits of the state directory's hash: what keeps labs side by side apart. */
  readonly id: string;
  readonly stateFile: string;
  readonly runDir: string;
  readonly pveDir: string;
  readonly sharedDir: string;
  readonly controlDir: string;
  readonly temporalDir: string;
  readonly guestDir: string;
  readonly cgroupName: string;
  readonly switchNamespace: string;
}

/** `dir` defaults to FERRY_LAB_DIR, then `<project>/var/lab`. */
export function layoutOf(dir?: string, env: NodeJS.ProcessEnv = process.env): Layout {
  const home = env['FERRY_HOME'];
  if (!home) throw new LabError('the lab cannot find the project: FERRY_HOME is not set', EXIT.missing);
  const absolute = resolve(dir ?? env['FERRY_LAB_DIR'] ?? join(home, 'var/lab'));
  refuseHiddenDirectory(absolute);
  const id = createHash('sha256').update(absolute).digest('hex').slice(0, 6);
  return {
    home, dir: absolute, id,
    stateFile: join(absolute, 'lab.json'),
    runDir: join(absolute, 'run'),
    pveDir: join(absolute, 'pve'),
    sharedDir: join(absolute, 'shared'),
    controlDir: join(absolute, 'control'),
    temporalDir: join(absolute, 'temporal'),
    guestDir: join(home, 'var/guest'),
    cgroupName: `fl${id}`,
    switchNamespace: `fl${id}-sw`,
  };
}

export const nodeDir = (layout: Layout, node: NodeName): string => join(layout.dir, 'nodes', node);
export const nodeNamespace = (layout: Layout, node: NodeName): string => `fl${layout.id}-${node}`;
export const namespacePath = (namespace: string): string => `/run/netns/${namespace}`;
/** A directory that each node overmounts with its own; empty on the machine itself. */
export const mountPoint = (layout: Layout, name: 'pve' | 'local' | 'fast' | 'shared' | 'ferry'): string => join(layout.dir, 'mnt', name);
/** The same for a storage that was added. */
export const addedMountPoint = (layout: Layout, storage: string): string => join(layout.dir, 'mnt', 'added', storage);
export const nodeNames = (count: number): NodeName[] => Array.from({ length: count }, (_, i) => `pve${i + 1}`);
export const nodeIndex = (node: NodeName): number => Number(node.slice('pve'.length));
export const nodeAddress = (node: NodeName, network: Network): string => `${NETWORKS[network].prefix}.${nodeIndex(node)}`;
export const guestAddress = (vmid: number): string => `${NETWORKS.guest.prefix}.${vmid}`;
/** The node's port on the switch. */
export const switchPort = (node: NodeName, network: Network): string => `${node}-${network}`;
/** The switch's port or the node's own interface, each with the namespace it is in: the two ends of one cable. */
export const cableEnds = (layout: Layout, node: NodeName, network: Network): readonly { namespace: string; device: string }[] => [
  { namespace: layout.switchNamespace, device: switchPort(node, network) },
  { namespace: nodeNamespace(layout, node), device: NETWORKS[network].device },
];

/** A node mounts its own /run, /dev/shm, … over the machine's: a state directory in there would be out of its sight. */
function refuseHiddenDirectory(dir: string): void {
  const hidden = ['/run', '/var/run', '/proc', '/sys', '/dev', '/etc/ssh', '/var/lib/lxc'].find((d) => dir === d || dir.startsWith(`${d}/`));
  if (hidden) throw new LabError(`state directory ${dir} cannot be used: each node has a ${hidden} of its own; choose another FERRY_LAB_DIR`, EXIT.usage);
}
