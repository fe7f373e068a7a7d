import { mkdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { StorageConfig } from '../../../domain/cluster/storage-config.js';
import type { NodeName, Vmid, Volid } from '../../../domain/ids.js';
import { runOk } from '../../exec.js';
import { listVolumes } from '../dir-storage.js';
import { firstFreeName, isOwnVolume, isThere, namesIn, removeIfEmpty, removeTree, statFolder } from '../guest-folder.js';
import { imageInfo } from '../image-info.js';
import { makeImage } from '../make-image.js';
import { directoryStorage, imageFolder, storageOf, unavailable, volumePath } from '../volume-path.js';
import type { VolumeFormat, VolumeLocation, VolumeStore } from '../volume-store.js';
import { deleteSubvolumeTree, isSubvolume, makeSubvolume } from './subvolume.js';

/** The image inside the subvolume of its name (PVE's BTRFSPlugin). */
const IMAGE_NAME = 'disk.raw';

/**
 * Volumes of a btrfs storage, as PVE lays them out: a raw image is `images/<vmid>/vm-<vmid>-disk-<n>/disk.raw` in a subvolume of
 * its own, a container's volume is the subvolume `images/<vmid>/subvol-<vmid>-disk-<n>.subvol`.
 */
export function createBtrfsStorage(storages: readonly StorageConfig[], node: NodeName, qemuImg = 'qemu-img'): VolumeStore {
  const storageBy = (id: string): ReturnType<typeof directoryStorage> => directoryStorage(storages, node, id, ['btrfs']);
  const resolve = (volid: Volid): VolumeLocation => {
    const location = volumePath(storageBy(storageOf(volid)), volid);
    const isImage = location.format === 'raw' && basename(dirname(location.path)) !== 'iso';
    return isImage ? { ...location, path: join(location.path.replace(/\.raw$/, ''), IMAGE_NAME) } : location;
  };
  const namesOf = async (id: string, vmid: Vmid): Promise<readonly string[]> => namesIn(imageFolder(storageBy(id), vmid));
  const make = async (location: VolumeLocation, format: VolumeFormat, sizeBytes: number): Promise<boolean> => {
    const subvolume = subvolumeOf(location);
    if (location.format !== format) throw unavailable(location.storage, `${basename(subvolume)} is no name for format ${format}`);
    if (format === 'qcow2') throw unavailable(location.storage, 'type btrfs holds no qcow2');
    await mkdir(dirname(subvolume), { recursive: true });
    const taken = await isThere(subvolume);
    if (!taken) await makeSubvolume(subvolume);
    if (format === 'subvol') return !taken;
    const { values } = storageBy(location.storage);
    // New files of a directory with this attribute have it too.
    if (!taken && values['nocow'] === '1') await runOk('chattr', ['+C', '--', subvolume], { code: 'StorageUnavailable' });
    return makeImage(location.path, format, sizeBytes, values['preallocation'] ?? 'off', qemuImg);
  };
  const nextFreeName = async (id: string, vmid: Vmid, format: VolumeFormat): Promise<Volid> => firstFreeName(id, vmid, format, await namesOf(id, vmid));
  return {
    resolve,
    nextFreeName,
    async createExactly(volid, format, sizeBytes) {
      const location = resolve(volid);
      if (await make(location, format, sizeBytes) || format === 'subvol') return location;
      const { virtualSizeBytes } = await imageInfo(location.path, format, qemuImg);
      if (virtualSizeBytes === sizeBytes) return location;
      throw unavailable(location.storage, `${volid} exists with ${virtualSizeBytes} bytes, not ${sizeBytes}`, { volid });
    },
    async create({ storage, vmid, format, sizeBytes }) {
      for (;;) {
        const volid = await nextFreeName(storage, vmid, format);
        const location = resolve(volid);
        if (await make(location, format, sizeBytes)) return { ...location, volid };
      }
    },
    exists: (volid) => isThere(resolve(volid).path),
    async list(id, vmid) {
      // A raw volume's folder has no suffix; snapshots (`@`) are not volumes.
      const names = (await namesOf(id, vmid)).map((name) => (/^(?:vm|base)-\d+-[^.@]+$/.test(name) ? `${name}.raw` : name));
      return listVolumes(id, vmid, names, resolve, qemuImg);
    },
    async free(volid) {
      const location = resolve(volid);
      const subvolume = subvolumeOf(location);
      if (!isOwnVolume(basename(subvolume))) throw unavailable(location.storage, `${volid} is not a guest's own volume`, { volid });
      if (await isSubvolume(subvolume)) await deleteSubvolumeTree(subvolume);
      else await removeTree(location.storage, subvolume);
      await removeIfEmpty(dirname(subvolume));
    },
    stat: (id) => statFolder(id, () => storageBy(id).path),
    copyMethod: (volid) => (resolve(volid).format === 'subvol' ? 'btrfs' : 'blocks'),
  };
}

const subvolumeOf = ({ path, format }: VolumeLocation): string => (format === 'raw' ? dirname(path) : path);
