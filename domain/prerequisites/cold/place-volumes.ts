import type { StorageConfig } from '../../cluster/storage-config.js';
import type { Refusal, VolumeFormat, VolumeMove } from '../../contracts/plan.js';
import { messageOf } from '../../errors.js';
import { placeOf } from '../../guest/volumes.js';
import { mapStorage, parseStorageMap } from '../../storage/storage-map.js';
import { refuse } from '../refuse.js';
import { checkActive, checkAllowed, checkContent, storageMissing } from '../storage-access.js';
import { isCloudInit, localVolumes, type ColdContext, type ColdGuest, type UsedVolume } from './context.js';

export interface VolumePlacement {
  readonly moves: readonly VolumeMove[];
  readonly refusals: readonly Refusal[];
}

/** What this version copies while nobody uses it, by storage type; the first image format is PVE's default. */
const FORMATS: ReadonlyMap<string, readonly VolumeFormat[]> = new Map([['dir', ['raw', 'qcow2', 'subvol']], ['btrfs', ['raw', 'subvol']]]);

/** Where each local volume goes, by PVE's storage map; without one, to the storage of the same name. */
export function placeVolumes(context: ColdContext): VolumePlacement {
  const locals = localVolumes(context);
  let of: (storageId: string) => string;
  try {
    const map = parseStorageMap(context.request.targetStorage);
    of = (storageId) => mapStorage(map, storageId);
  } catch (error) {
    return { moves: [], refusals: [refuse('storage-map-invalid', messageOf(error), "write it as PVE does: '1', 'target', or 'source:target,…'")] };
  }
  const placed = locals.map((volume) => place(context, volume, of(volume.storage.id)));
  return { moves: placed.flatMap(({ moves }) => moves), refusals: placed.flatMap(({ refusals }) => refusals) };
}

/** PVE's content type of a guest's own volumes. */
export const contentOf = ({ kind }: ColdGuest): 'images' | 'rootdir' => (kind === 'lxc' ? 'rootdir' : 'images');

function place(context: ColdContext, volume: UsedVolume & { readonly storage: StorageConfig }, targetStorageId: string): VolumePlacement {
  const { volid, facts, mentions, storage } = volume;
  const refusals: Refusal[] = [...checkType(storage, volid)];
  const target = context.cluster.storages.find(({ id }) => id === targetStorageId);
  if (target === undefined) return { moves: [], refusals: [...refusals, storageMissing(targetStorageId)] };
  if (target.id !== storage.id) refusals.push(...checkType(target, volid));
  const access = [...checkAllowed(target, context.request.target), ...checkContent(target, contentOf(context.guest), volid)];
  refusals.push(...access);
  if (access.length === 0 && context.target !== null) refusals.push(...checkActive(target, context.target));
  if (facts === null) return { moves: [], refusals };
  const targetFormat = formatOn(context, volume, facts.format, target);
  if (targetFormat === null) {
    refusals.push(refuse('format-unsupported', `can't migrate '${volid}': unsupported format '${facts.format}' for storage type ${target.type} (storage '${target.id}')`, 'choose another storage with --targetstorage'));
    return { moves: [], refusals };
  }
  if (targetFormat !== facts.format && facts.snapshots.length > 0) {
    refusals.push(refuse('disk-has-snapshots', `can't migrate '${volid}' as ${targetFormat}: its snapshots (${facts.snapshots.join(', ')}) exist in ${facts.format} only`, 'keep the format, or delete the snapshots'));
  }
  const move: VolumeMove = {
    volid, usedAs: placeOf(mentions[0]), sourceFormat: facts.format, targetStorage: target.id, targetFormat,
    sizeBytes: facts.sizeBytes, usedBytes: facts.usedBytes,
    fixedName: isCloudInit(volid) || mentions.some(({ key }) => key === 'vmstate'),
    ...(facts.format === 'subvol' && storage.type === 'btrfs' && target.type === 'btrfs' ? { stream: 'btrfs' } : {}),
  };
  return { moves: [move], refusals };
}

/** What the operator asked for, else the `format` of a storage that is new to the volume, else the source's own; null: the storage can't hold it. */
function formatOn({ request }: ColdContext, { storage }: UsedVolume, source: VolumeFormat, target: StorageConfig): VolumeFormat | null {
  const formats = FORMATS.get(target.type) ?? [source];
  if (source === 'subvol') return formats.includes('subvol') ? 'subvol' : null;
  const preferred = target.id === storage?.id ? undefined : formats.find((format) => format === target.values['format']);
  const wanted = request.targetFormat ?? preferred ?? source;
  return formats.includes(wanted) ? wanted : formats[0] ?? null;
}

/** Whether volumes on it can be copied while nobody uses them. */
export const isColdCopied = ({ type, path }: StorageConfig): boolean => FORMATS.has(type) && path !== null;

function checkType(storage: StorageConfig, volid: string): Refusal[] {
  if (isColdCopied(storage)) return [];
  const { type, id } = storage;
  return [refuse('storage-type-unsupported', `can't migrate '${volid}' - storage type '${type}' not supported (storage '${id}')`, 'use a directory or btrfs storage, or --targetstorage')];
}
