import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { StorageConfig } from '../../../domain/cluster/storage-config.js';
import type { NodeName, Vmid } from '../../../domain/ids.js';
import { directoryStorage, imageFolder } from '../volume-path.js';
import { FERRY_SNAPSHOT } from './ferry-snapshots.js';

export interface FoundSnapshot {
  readonly vmid: Vmid;
  readonly path: string;
  /** `epochShort` of the migration it is called by. */
  readonly short: string;
}

/** Snapshots and received ones that migrations made, on the btrfs storages this node can use. */
export async function findFerrySnapshots(storages: readonly StorageConfig[], node: NodeName): Promise<readonly FoundSnapshot[]> {
  const found = await Promise.all(storages.filter(({ type }) => type === 'btrfs').map(({ id }) => snapshotsOn(storages, node, id)));
  return found.flat();
}

async function snapshotsOn(storages: readonly StorageConfig[], node: NodeName, id: string): Promise<readonly FoundSnapshot[]> {
  try {
    const storage = directoryStorage(storages, node, id, ['btrfs']);
    const guests = (await namesIn(join(storage.path, 'images'))).filter((name) => /^\d+$/.test(name)).map(Number);
    return (await Promise.all(guests.map(async (vmid) => {
      const folder = imageFolder(storage, vmid);
      return (await namesIn(folder)).flatMap((name) => {
        const short = FERRY_SNAPSHOT.exec(name)?.[1];
        return short === undefined ? [] : [{ vmid, path: join(folder, name), short }];
      });
    }))).flat();
  } catch {
    // A storage this node can't use holds nothing it could have made.
    return [];
  }
}

const namesIn = (folder: string): Promise<readonly string[]> => readdir(folder).catch(() => []);
