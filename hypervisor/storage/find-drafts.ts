import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { StorageConfig } from '../../domain/cluster/storage-config.js';
import type { NodeName, Vmid } from '../../domain/ids.js';
import { directoryStorage, imageFolder } from './volume-path.js';

/** No image takes so long to make: whoever began it is gone. */
const ABANDONED_AFTER_MS = 15 * 60_000;

/** Drafts of images (`makeImage`) that nobody finishes any more, on the storages this node can use. */
export async function findDrafts(storages: readonly StorageConfig[], node: NodeName, now = Date.now()): Promise<readonly { readonly vmid: Vmid; readonly path: string }[]> {
  const found = await Promise.all(storages.map(async ({ id }) => {
    const storage = usable(storages, node, id);
    return storage === null ? [] : draftsIn(storage, now);
  }));
  return found.flat();
}

function usable(storages: readonly StorageConfig[], node: NodeName, id: string): ReturnType<typeof directoryStorage> | null {
  try {
    return directoryStorage(storages, node, id);
  } catch {
    return null;
  }
}

async function draftsIn(storage: StorageConfig & { readonly path: string }, now: number): Promise<{ vmid: Vmid; path: string }[]> {
  const guests = (await namesIn(join(storage.path, 'images'))).filter((name) => /^\d+$/.test(name)).map(Number);
  const folders = await Promise.all(guests.map(async (vmid) => {
    const folder = imageFolder(storage, vmid);
    const drafts = (await namesIn(folder)).filter((name) => /^\.vm-\d+-.*\.draft-/.test(name)).map((name) => join(folder, name));
    const ages = await Promise.all(drafts.map((path) => stat(path).then(({ mtimeMs }) => now - mtimeMs, () => 0)));
    return drafts.filter((_, index) => (ages[index] ?? 0) > ABANDONED_AFTER_MS).map((path) => ({ vmid, path }));
  }));
  return folders.flat();
}

const namesIn = (folder: string): Promise<readonly string[]> => readdir(folder).catch(() => []);
