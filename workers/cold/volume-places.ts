import { stat } from 'node:fs/promises';
import type { VolumeMove } from '../../domain/contracts/plan.js';
import { MigrationError } from '../../domain/errors.js';
import type { Vmid, Volid } from '../../domain/ids.js';
import { storageIdOf } from '../../domain/prerequisites/drives.js';
import type { ColdTargetDeps } from '../../hypervisor/cold/target-deps.js';
import type { NodeStorages } from '../node-storages.js';

/** Places for a guest's volumes on this node: PVE keeps a name when it can, and takes the next free one when it can't. */
export function createVolumePlaces(storages: NodeStorages): Pick<ColdTargetDeps, 'nextVolid' | 'createVolume' | 'freeVolume'> {
  return {
    nextVolid: async (volume, vmid, taken) => {
      const store = await storages.store();
      const wanted = sameName(volume);
      if (wanted !== null && !taken.includes(wanted) && !(await exists(store.resolve(wanted).path))) return wanted;
      if (volume.fixedName) throw new MigrationError('StorageUnavailable', `make volume failed: ${wanted ?? volume.volid} exists on storage '${volume.targetStorage}', and this volume can't be renamed; remove the one that is there`);
      return nextFree(store, volume, vmid, taken);
    },
    createVolume: async (volid, { targetFormat, sizeBytes }) => {
      await (await storages.store()).createExactly(volid, targetFormat, sizeBytes);
    },
    freeVolume: async (volid) => (await storages.store()).free(volid, { base: true }),
  };
}

/** On the target's storage, with the ending of its format; null: the name says no format. */
function sameName({ volid, targetStorage, targetFormat, sourceFormat }: VolumeMove): Volid | null {
  const name = volid.slice(storageIdOf(volid).length + 1);
  if (targetFormat === sourceFormat) return `${targetStorage}:${name}`;
  const stem = /^(.*)\.(?:raw|qcow2)$/.exec(name)?.[1];
  return stem === undefined ? null : `${targetStorage}:${stem}.${targetFormat}`;
}

async function nextFree(store: Awaited<ReturnType<NodeStorages['store']>>, { targetStorage, targetFormat }: VolumeMove, vmid: Vmid, taken: readonly Volid[]): Promise<Volid> {
  const first = await store.nextFreeName(targetStorage, vmid, targetFormat);
  const [, stem = '', n = '0', ending = ''] = /^(.*-disk-)(\d+)((?:\..*)?)$/.exec(first) ?? [];
  for (let number = Number(n); ; number += 1) {
    const volid = `${stem}${number}${ending}`;
    if (!taken.includes(volid) && !(await exists(store.resolve(volid).path))) return volid;
  }
}

const exists = (path: string): Promise<boolean> => stat(path).then(() => true, () => false);
