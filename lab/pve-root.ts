import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NodeName, Vmid } from '../domain/ids.js';
import { type Layout, mountPoint, nodeAddress, nodeIndex } from './layout.js';

/** Writes what every PVE cluster has; guests' configs and edited files of an earlier `up` are kept. */
export function writePveRoot(layout: Layout, nodes: readonly NodeName[]): void {
  for (const node of nodes) {
    for (const kind of ['qemu-server', 'lxc']) mkdirSync(join(layout.pveDir, 'nodes', node, kind), { recursive: true });
  }
  mkdirSync(join(layout.pveDir, 'priv'), { recursive: true, mode: 0o700 });
  writeIfMissing(join(layout.pveDir, 'datacenter.cfg'), 'migration: secure,network=10.10.10.0/24\n');
  writeIfMissing(join(layout.pveDir, 'storage.cfg'), storageText(layout));
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

export const vmConfigFile = (layout: Layout, node: NodeName, vmid: Vmid): string =>
  join(layout.pveDir, 'nodes', node, 'qemu-server', `${vmid}.conf`);

/** Every VM of the cluster and the node whose directory it is in. */
export function listVms(layout: Layout): { readonly vmid: Vmid; readonly node: NodeName }[] {
  const root = join(layout.pveDir, 'nodes');
  if (!existsSync(root)) return [];
  return readdirSync(root).sort().flatMap((node) =>
    readdirSync(join(root, node, 'qemu-server')).flatMap((file) => {
      const vmid = /^(\d+)\.conf$/.exec(file)?.[1];
      return vmid === undefined ? [] : [{ vmid: Number(vmid), node }];
    }));
}

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
