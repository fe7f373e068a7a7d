import type { StorageConfig } from '../cluster/storage-config.js';
import type { DiskMove, Refusal } from '../contracts/plan.js';
import { messageOf } from '../errors.js';
import { mapStorage, parseStorageMap } from '../storage/storage-map.js';
import type { CheckContext } from './context.js';
import { localDisks, type LocalDrive } from './drives.js';
import { isDrivable, targetFormat } from './formats.js';
import { checkActive, checkAllowed, checkContent, storageMissing } from './storage-access.js';
import { refuse } from './refuse.js';

export interface DiskPlacement {
  readonly moves: readonly DiskMove[];
  readonly refusals: readonly Refusal[];
}

/** Where each local disk goes, by PVE's storage map; without one, to the storage of the same name. */
export function placeDisks(context: CheckContext): DiskPlacement {
  const locals = localDisks(context.drives);
  const map = readMap(context.request.targetStorage);
  if (map.refusal !== null) return { moves: [], refusals: [map.refusal] };
  const placed = locals.map((disk) => placeDisk(context, disk, map.of(disk.storage.id)));
  return { moves: placed.flatMap(({ moves }) => moves), refusals: placed.flatMap(({ refusals }) => refusals) };
}

type ReadMap = { readonly refusal: Refusal; readonly of: null } | { readonly refusal: null; readonly of: (storageId: string) => string };

function readMap(text: string | undefined): ReadMap {
  try {
    const map = parseStorageMap(text);
    return { refusal: null, of: (storageId) => mapStorage(map, storageId) };
  } catch (error) {
    const remedy = "write it as PVE does: '1', 'target', or 'source:target,…'";
    return { refusal: refuse('storage-map-invalid', messageOf(error), remedy), of: null };
  }
}

function placeDisk(context: CheckContext, disk: LocalDrive, targetStorageId: string): DiskPlacement {
  const { drive, volid, storage } = disk;
  const refusals: Refusal[] = [...checkType(context, disk, storage, volid)];
  const target = context.cluster.storages.find(({ id }) => id === targetStorageId);
  if (target === undefined) return { moves: [], refusals: [...refusals, storageMissing(targetStorageId)] };
  if (target.id !== storage.id) refusals.push(...checkType(context, disk, target, volid));
  const access = [...checkAllowed(target, context.request.target), ...checkContent(target, 'images', volid)];
  refusals.push(...access);
  if (access.length === 0 && context.target !== null) refusals.push(...checkActive(target, context.target));
  const facts = context.source?.guest.disks.find((known) => known.drive === drive.name);
  if (facts === undefined) return { moves: [], refusals: [...refusals, ...unknownSize(context, volid)] };
  const move: DiskMove = {
    drive: drive.name,
    sourceVolid: volid,
    sourceFormat: facts.format,
    targetStorage: target.id,
    targetFormat: targetFormat({ requested: context.request.targetFormat, source: facts.format, changesStorage: target.id !== storage.id }, target),
    sizeBytes: facts.virtualSizeBytes,
  };
  return { moves: [move], refusals };
}

function checkType({ request: { vmid } }: CheckContext, { drive }: LocalDrive, storage: StorageConfig, volid: string): Refusal[] {
  if (isDrivable(storage)) return [];
  const sentence = `can't migrate '${volid}' - storage type '${storage.type}' not supported (storage '${storage.id}')`;
  return [refuse('storage-type-unsupported', sentence, `use a directory storage: qm disk move ${vmid} ${drive.name} <storage>, or --targetstorage`)];
}

/** Only a running guest's QEMU has been asked for its disks. */
function unknownSize({ source, vm }: CheckContext, volid: string): Refusal[] {
  if (source === null || source.guest.state === 'stopped') return [];
  const sentence = `can't migrate local disk '${volid}': unable to determine size for volume '${volid}'`;
  return [refuse('disk-size-unknown', sentence, `look at it on ${vm?.node ?? 'the source'}: pvesm path ${volid}; qm monitor, info block`)];
}
