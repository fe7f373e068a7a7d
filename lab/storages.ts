import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { formatSize } from '../domain/guest/size.js';
import type { NodeName } from '../domain/ids.js';
import { STORAGE_ID } from '../domain/storage/storage-map.js';
import { MIB } from '../domain/units.js';
import { EXIT, LabError } from './errors.js';
import { addedMountPoint, type Layout, nodeDir } from './layout.js';
import { execInNode, nodeStatus } from './node.js';
import { addStorage, readStorages } from './pve-root.js';
import { must } from './run.js';
import type { LabState } from './state.js';

/** `dir`: ext4, with a layout as `local` has it. */
export type AddedStorageType = 'btrfs' | 'dir';

/** Storages of limited size, each node's own: a file system in an image, mounted by the node at each boot. */
export interface Storages {
  /** Makes one on every node and writes its section of `storage.cfg`. Every node has to be up. */
  add(type: AddedStorageType, id: string, options?: { readonly sizeMiB?: number }): Promise<void>;
  /** Leaves not one block free: whoever writes there meets ENOSPC. Only of storages that were added. */
  full(node: NodeName, id: string): Promise<void>;
  free(node: NodeName, id: string): Promise<void>;
}

/** btrfs wants 109 MiB at least (mkfs.btrfs 6.2). */
const DEFAULT_SIZE_MIB: Readonly<Record<AddedStorageType, number>> = { btrfs: 512, dir: 64 };

export function openStorages(layout: Layout, state: LabState): Storages {
  const inNode = async (node: NodeName, argv: readonly string[], what: string): Promise<void> => {
    const done = await execInNode(layout, state, node, argv);
    if (done.exitCode !== 0) throw new LabError(`${what} failed: ${node}: ${(done.stderr || done.stdout).trim()}`);
  };
  return {
    add: async (type, id, { sizeMiB = DEFAULT_SIZE_MIB[type] } = {}) => {
      refuseName(layout, id);
      const off = state.nodes.find((node) => nodeStatus(layout, state, node) !== 'up');
      if (off !== undefined) throw new LabError(`add storage failed: ${id}: node ${off} is not up`, EXIT.notThere);
      mkdirSync(addedMountPoint(layout, id), { recursive: true });
      for (const node of state.nodes) {
        const disk = await makeDisk(layout, node, id, type, sizeMiB);
        await inNode(node, ['mount', '-o', 'loop', disk, addedMountPoint(layout, id)], `mount storage ${id}`);
        await inNode(node, ['mkdir', '-p', join(addedMountPoint(layout, id), 'images')], `make storage ${id}`);
      }
      addStorage(layout, type, id);
    },
    full: async (node, id) => {
      requireAdded(layout, node, id);
      await inNode(node, ['bash', join(layout.home, 'lab/fill.sh'), addedMountPoint(layout, id)], `fill storage ${id}`);
    },
    free: async (node, id) => {
      requireAdded(layout, node, id);
      await inNode(node, ['rm', '-f', join(addedMountPoint(layout, id), '.full')], `free storage ${id}`);
    },
  };
}

/** A file system of its own for each node: of a copied one the kernel would mount only the first. */
async function makeDisk(layout: Layout, node: NodeName, id: string, type: AddedStorageType, sizeMiB: number): Promise<string> {
  const disk = diskOf(layout, node, id);
  mkdirSync(join(nodeDir(layout, node), 'disks'), { recursive: true });
  try {
    await must(['truncate', '-s', formatSize(sizeMiB * MIB), disk]);
    await must(type === 'btrfs' ? ['mkfs.btrfs', '-q', '-f', disk] : ['mkfs.ext4', '-q', '-F', '-b', '4096', '-m', '0', disk]);
  } catch (error) {
    rmSync(disk, { force: true });
    throw error;
  }
  return disk;
}

const diskOf = (layout: Layout, node: NodeName, id: string): string => join(nodeDir(layout, node), 'disks', `${id}.img`);

function refuseName(layout: Layout, id: string): void {
  if (!STORAGE_ID.test(id)) throw new LabError(`storage ${id} cannot be added: that is no name of a storage`, EXIT.usage);
  if (readStorages(layout).some((known) => known.id === id) || existsSync(addedMountPoint(layout, id))) throw new LabError(`storage ${id} cannot be added: there is one already`, EXIT.usage);
}

/** The others are directories on the machine's own disk. */
function requireAdded(layout: Layout, node: NodeName, id: string): void {
  if (existsSync(diskOf(layout, node, id))) return;
  throw new LabError(`storage ${id} on ${node} cannot be filled: it is not one of limited size; make one with \`ferry-lab storage add dir small\``, EXIT.notThere);
}
