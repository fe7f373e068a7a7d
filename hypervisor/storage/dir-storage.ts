import { mkdir, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { StorageConfig } from '../../domain/cluster/storage-config.js';
import type { NodeName, Vmid, Volid } from '../../domain/ids.js';
import { run } from '../exec.js';
import { firstFreeName, isOwnVolume, isThere, namesIn, removeIfEmpty, removeTree, statFolder } from './guest-folder.js';
import { imageInfo } from './image-info.js';
import { draftPrefix, makeImage } from './make-image.js';
import { directoryStorage, DIRECTORY_TYPES, imageFolder, storageOf, unavailable, volumePath } from './volume-path.js';
import type { VolumeEntry, VolumeFormat, VolumeLocation, VolumeStore } from './volume-store.js';

/** Volumes as files and directories, laid out as PVE does: `images/<vmid>/vm-<vmid>-disk-<n>.<format>`. */
export function createDirStorage(storages: readonly StorageConfig[], node: NodeName, qemuImg = 'qemu-img'): VolumeStore {
  const storageBy = (id: string): ReturnType<typeof directoryStorage> => directoryStorage(storages, node, id, DIRECTORY_TYPES);
  const resolve = (volid: Volid): VolumeLocation => volumePath(storageBy(storageOf(volid)), volid);
  const namesOf = (id: string, vmid: Vmid): Promise<readonly string[]> => namesIn(imageFolder(storageBy(id), vmid));
  const make = (location: VolumeLocation, format: VolumeFormat, sizeBytes: number): Promise<boolean> => {
    if (location.format !== format) throw unavailable(location.storage, `${basename(location.path)} is no name for format ${format}`);
    if (format === 'subvol') return makeDirectory(location.path);
    return makeImage(location.path, format, sizeBytes, storageBy(location.storage).values['preallocation'] ?? 'off', qemuImg);
  };
  const nextFreeName = async (id: string, vmid: Vmid, format: VolumeFormat): Promise<Volid> => firstFreeName(id, vmid, format, await namesOf(id, vmid));
  return {
    resolve,
    nextFreeName,
    async createExactly(volid, format, sizeBytes) {
      const location = resolve(volid);
      if (await make(location, format, sizeBytes) || format === 'subvol') return location;
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
    exists: (volid) => isThere(resolve(volid).path),
    list: async (id, vmid) => listVolumes(id, vmid, await namesOf(id, vmid), resolve, qemuImg),
    async free(volid, options) {
      const { path, format, storage } = resolve(volid);
      if (!isOwnVolume(basename(path), options)) throw unavailable(storage, `${volid} is not a guest's own volume`, { volid });
      // PVE's plugins make a base volume immutable, where the file system can.
      if (options?.base === true) await run('chattr', ['-i', '--', path]);
      if (format === 'subvol') await removeTree(storage, path);
      else await removeImage(path);
      await removeIfEmpty(dirname(path));
    },
    stat: (id) => statFolder(id, () => storageBy(id).path),
    copyMethod: (volid) => (resolve(volid).format === 'subvol' ? 'tree' : 'blocks'),
  };
}

/** Of names in a guest's folder, those that are volumes of it. */
export async function listVolumes(id: string, vmid: Vmid, names: readonly string[], resolve: (volid: Volid) => VolumeLocation, qemuImg: string): Promise<readonly VolumeEntry[]> {
  const own = names.filter((name) => new RegExp(`^(?:vm|base|subvol)-${vmid}-[A-Za-z0-9_.+-]+\\.(?:raw|qcow2|vmdk|subvol)$`).test(name)).sort();
  return Promise.all(own.map(async (name) => {
    const volid = `${id}:${vmid}/${name}`;
    const { path, format } = resolve(volid);
    const sizeBytes = format === 'subvol' ? null : await imageInfo(path, format, qemuImg).then((info) => info.virtualSizeBytes, () => null);
    return { volid, path, format, sizeBytes };
  }));
}

/** As PVE makes a container's: its owner's to enter, root's. False: the name is taken. */
async function makeDirectory(path: string): Promise<boolean> {
  await mkdir(dirname(path), { recursive: true });
  return mkdir(path, { mode: 0o755 }).then(() => true, (error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  });
}

async function removeImage(path: string): Promise<void> {
  const drafts = (await namesIn(dirname(path))).filter((name) => name.startsWith(draftPrefix(path)));
  for (const file of [path, ...drafts.map((name) => join(dirname(path), name))]) await rm(file, { force: true });
}
