import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseStorageConfig } from '../domain/cluster/parse-storage.js';
import type { StorageConfig } from '../domain/cluster/storage-config.js';
import type { NodeName, Vmid } from '../domain/ids.js';
import { type Layout, addedMountPoint, mountPoint, nodeAddress, nodeIndex } from './layout.js';

/** Writes what every PVE cluster has; guests' configs and edited files of an earlier `up` are kept. */
export function writePveRoot(layout: Layout, nodes: readonly NodeName[]): void {
  for (const node of nodes) {
    for (const kind of ['qemu-server', 'lxc']) mkdirSync(join(layout.pveDir, 'nodes', node, kind), { recursive: true });
  }
  mkdirSync(join(layout.pveDir, 'priv'), { recursive: true, mode: 0o700 });
  writeIfMissing(join(layout.pveDir, 'datacenter.cfg'), 'migration: secure,network=10.10.10.0/24\n');
  writeIfMissing(storageFile(layout), storageText(layout));
  writeMembers(layout, nodes, new Set(nodes));
}

/** `.members` as pmxcfs shows it. Written in place: whoever reads it sees a file of some 300 bytes, old or new. */
export function writeMembers(layout: Layout, nodes: readonly NodeName[], online: ReadonlySet<NodeName>): void {
  const nodelist = Object.fromEntries(nodes.map((n) => [n, { id: nodeIndex(n), online: online.has(n) ? 1 : 0, ip: nodeAddress(n, 'mgmt') }]));
  const members = {
    nodename: nodes[0],
    version: nodes.length,
    cluster: { name: 'lab', version: nodes.length, nodes: nodes.length, quorate: 1 },
    nodelist,
  };
  writeFileSync(join(layout.pveDir, '.members'), `${JSON.stringify(members, null, 1)}\n`);
}

export const vmConfigFile = (layout: Layout, node: NodeName, vmid: Vmid): string => configFile(layout, node, 'qemu-server', vmid);
export const ctConfigFile = (layout: Layout, node: NodeName, vmid: Vmid): string => configFile(layout, node, 'lxc', vmid);

interface ListedGuest {
  readonly vmid: Vmid;
  readonly node: NodeName;
}

/** Every VM of the cluster and the node whose directory it is in. */
export const listVms = (layout: Layout): ListedGuest[] => listGuests(layout, 'qemu-server');
export const listCts = (layout: Layout): ListedGuest[] => listGuests(layout, 'lxc');

/** The cluster's storages as they are written down now. */
export const readStorages = (layout: Layout): readonly StorageConfig[] => parseStorageConfig(readFileSync(storageFile(layout), 'utf8')).storages;

/** One more section, of a storage each node has for itself. */
export const addStorage = (layout: Layout, type: string, id: string): void =>
  appendFileSync(storageFile(layout), `\n${type}: ${id}\n\tpath ${addedMountPoint(layout, id)}\n\tcontent images,rootdir\n`);

function listGuests(layout: Layout, kind: 'qemu-server' | 'lxc'): ListedGuest[] {
  const root = join(layout.pveDir, 'nodes');
  if (!existsSync(root)) return [];
  return readdirSync(root).sort().flatMap((node) =>
    readdirSync(join(root, node, kind)).flatMap((file) => {
      const vmid = /^(\d+)\.conf$/.exec(file)?.[1];
      return vmid === undefined ? [] : [{ vmid: Number(vmid), node }];
    }));
}

const configFile = (layout: Layout, node: NodeName, kind: string, vmid: Vmid): string => join(layout.pveDir, 'nodes', node, kind, `${vmid}.conf`);
const storageFile = (layout: Layout): string => join(layout.pveDir, 'storage.cfg');

function storageText(layout: Layout): string {
  const content = '\tcontent images,iso,rootdir\n';
  return [
    `dir: local\n\tpath ${mountPoint(layout, 'local')}\n${content}`,
    `dir: fast\n\tpath ${mountPoint(layout, 'fast')}\n${content}`,
    `dir: shared\n\tpath ${mountPoint(layout, 'shared')}\n${content}\tshared 1\n`,
  ].join('\n');
}

function writeIfMissing(file: string, text: string): void {
  if (!existsSync(file)) writeFileSync(file, text);
}
