import type { StorageConfig } from '../../domain/cluster/storage-config.js';
import type { NodeName, Volid } from '../../domain/ids.js';
import { createBtrfsStorage } from './btrfs/btrfs-storage.js';
import { createDirStorage } from './dir-storage.js';
import { storageOf } from './volume-path.js';
import type { VolumeStore } from './volume-store.js';

/** The volumes of all storages this engine drives itself, each by its type. */
export function createNodeVolumes(storages: readonly StorageConfig[], node: NodeName, qemuImg = 'qemu-img'): VolumeStore {
  const [directories, btrfs] = [createDirStorage(storages, node, qemuImg), createBtrfsStorage(storages, node, qemuImg)];
  const by = (id: string): VolumeStore => (storages.find((storage) => storage.id === id)?.type === 'btrfs' ? btrfs : directories);
  const of = (volid: Volid): VolumeStore => by(storageOf(volid));
  return {
    resolve: (volid) => of(volid).resolve(volid),
    nextFreeName: (id, vmid, format) => by(id).nextFreeName(id, vmid, format),
    createExactly: (volid, format, sizeBytes) => of(volid).createExactly(volid, format, sizeBytes),
    create: (input) => by(input.storage).create(input),
    exists: (volid) => of(volid).exists(volid),
    list: (id, vmid) => by(id).list(id, vmid),
    free: (volid, options) => of(volid).free(volid, options),
    stat: (id) => by(id).stat(id),
    copyMethod: (volid) => of(volid).copyMethod(volid),
  };
}
