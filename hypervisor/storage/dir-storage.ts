import { readdir, rm, rmdir, stat, statfs } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { StorageConfig } from '../../domain/cluster/storage-config.js';
import type { StorageFacts } from '../../domain/contracts/facts.js';
import type { NodeName, Vmid, Volid } from '../../domain/ids.js';
import { imageInfo } from './image-info.js';
import { draftPrefix, makeImage } from './make-image.js';
import { directoryStorage, imageFolder, storageOf, unavailable, volumePath } from './volume-path.js';
import type { ImageFormat, VolumeLocation, VolumeStore } from './volume-store.js';

/** PVE: n < 1024. */
const MAX_DISKS = 1024;

/** Volumes as files in directories, laid out as PVE does: `images/<vmid>/vm-<vmid>-disk-<n>.<format>`. */
export function createDirStorage(storages: readonly StorageConfig[], node: NodeName, qemuImg = 'qemu-img'): VolumeStore {
  const storageBy = (id: string): ReturnType<typeof directoryStorage> => directoryStorage(storages, node, id);
  const resolve = (volid: Volid): VolumeLocation => volumePath(storageBy(storageOf(volid)), volid);
  const make = (location: VolumeLocation, format: ImageFormat, sizeBytes: number): Promise<boolean> => {
    if (location.format !== format) throw unavailable(location.storage, `${basename(location.path)} is no name for format ${format}`);
    return makeImage(location.path, format, sizeBytes, storageBy(location.storage).values['preallocation'] ?? 'off', qemuImg);
  };
  const nextFreeName = async (id: string, vmid: Vmid, format: ImageFormat): Promise<Volid> => {
    const taken = new Set((await namesIn(imageFolder(storageBy(id), vmid))).map((name) => /^vm-\d+-disk-(\d+)\./.exec(name)?.[1] ?? ''));
    for (let n = 0; n < MAX_DISKS; n += 1) if (!taken.has(String(n))) return `${id}:${vmid}/vm-${vmid}-disk-${n}.${format}`;
    throw unavailable(id, `VM ${vmid} has ${MAX_DISKS} disks there already`);
  };
  return {
    resolve,
    nextFreeName,
    async createExactly(volid, format, sizeBytes) {
      const location = resolve(volid);
      if (await make(location, format, sizeBytes)) return location;
      const found = await imageInfo(location.path, format, qemuImg);
      if (found.virtualSizeBytes === sizeBytes) return location;
      throw unavailable(location.storage, `${volid} exists with ${found.virtualSizeBytes} bytes, not ${sizeBytes}`, { volid });
    },
    async create({ storage, vmid, format, sizeBytes }) {
      for (;;) {
        const volid = await nextFreeName(storage, vmid, format);
        const location = resolve(volid);
        if (await make(location, format, sizeBytes)) return { ...location, volid };
      }
    },
    async free(volid) {
      const { path } = resolve(volid);
      if (!/^vm-\d+-/.test(basename(path))) throw unavailable(storageOf(volid), `${volid} is not a guest's own volume`, { volid });
      const drafts = (await namesIn(dirname(path))).filter((name) => name.startsWith(draftPrefix(path)));
      for (const file of [path, ...drafts.map((name) => join(dirname(path), name))]) await rm(file, { force: true });
      await removeIfEmpty(dirname(path));
    },
    stat: (id) => statStorage(storageBy, id),
  };
}

async function statStorage(storageBy: (id: string) => { readonly path: string }, id: string): Promise<StorageFacts> {
  try {
    const { path } = storageBy(id);
    const [folder, figures] = await Promise.all([stat(path), statfs(path)]);
    return { id, active: folder.isDirectory(), availableBytes: figures.bavail * figures.bsize, totalBytes: figures.blocks * figures.bsize };
  } catch {
    return { id, active: false, availableBytes: 0, totalBytes: 0 };
  }
}

async function namesIn(folder: string): Promise<readonly string[]> {
  return readdir(folder).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  });
}

async function removeIfEmpty(folder: string): Promise<void> {
  await rmdir(folder).catch((error: unknown) => {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT' && code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error;
  });
}
