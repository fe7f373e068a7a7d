import { parseStorageConfig } from '../domain/cluster/parse-storage.js';
import type { StorageConfig } from '../domain/contracts/facts.js';
import type { ClusterFiles, GuestKind } from '../domain/contracts/ports.js';
import type { FerryConfig } from '../domain/edge/ferry-config.js';
import type { NodeName, Volid } from '../domain/ids.js';
import type { FindVolume } from '../hypervisor/node/volume-facts.js';
import { ctVolume, type CtVolume } from '../hypervisor/storage/ct-volume.js';
import { createNodeVolumes } from '../hypervisor/storage/node-volumes.js';
import type { VolumeStore } from '../hypervisor/storage/volume-store.js';

/** The storages as `storage.cfg` has them now: it may change while the agent runs, so it is read for each use. */
export interface NodeStorages {
  configs(): Promise<readonly StorageConfig[]>;
  store(): Promise<VolumeStore>;
  /** Where containers' volumes lie. */
  ctVolumes(): Promise<(volid: Volid) => CtVolume>;
  /** Where a volume of this kind of guest lies. */
  find(kind: GuestKind): Promise<FindVolume>;
}

export function createNodeStorages(config: FerryConfig & { readonly node: NodeName }, files: ClusterFiles): NodeStorages {
  const configs = async (): Promise<readonly StorageConfig[]> => parseStorageConfig(await files.storageText()).storages;
  const store = async (): Promise<VolumeStore> => createNodeVolumes(await configs(), config.node, config.qemuImg);
  const ctVolumes = async (): Promise<(volid: Volid) => CtVolume> => {
    const storages = await configs();
    return (volid) => ctVolume(storages, config.node, volid);
  };
  return {
    configs,
    store,
    ctVolumes,
    find: async (kind) => {
      if (kind === 'qemu') {
        const images = await store();
        return (volid) => images.resolve(volid);
      }
      const volumes = await ctVolumes();
      return (volid) => {
        const { path, kind: format } = volumes(volid);
        return { path, format };
      };
    },
  };
}
