import type { StorageConfig } from '../cluster/storage-config.js';
import type { CtConfig } from '../guest/ct-config.js';
import { parsePropertyString } from '../guest/property-string.js';
import { parseSize } from '../guest/size.js';
import type { VmConfig } from '../guest/vm-config.js';
import { mentionedVolumes, type VolumeMention } from '../guest/volumes.js';
import { isCloudInit } from '../prerequisites/cold/context.js';
import { storageIdOf } from '../prerequisites/drives.js';
import type { Volid } from '../ids.js';

/** Volumes on a node's own storages of which the config does not say how large they are: unused ones, states of snapshots, directories without a limit. */
export function unsizedVolumes(config: VmConfig | CtConfig, storages: readonly StorageConfig[]): readonly Volid[] {
  const own = new Set(storages.filter(({ shared }) => !shared).map(({ id }) => id));
  return [...volumesOf(config)].filter(([volid, places]) => own.has(storageIdOf(volid)) && !isImageOfCd(volid, places) && writtenSize(places, config) === null).map(([volid]) => volid);
}

/** Every volume the config names, with all places that name it. */
export function volumesOf(config: VmConfig | CtConfig): ReadonlyMap<Volid, readonly VolumeMention[]> {
  const volumes = new Map<Volid, VolumeMention[]>();
  for (const mention of mentionedVolumes({ current: config.values, pending: config.pending, snapshots: config.snapshots })) {
    if (mention.volid !== null) volumes.set(mention.volid, [...(volumes.get(mention.volid) ?? []), mention]);
  }
  return volumes;
}

/** By the config's `size`: what it may grow to, bytes. null: it says none, or that there is no limit. */
export function writtenSize(places: readonly VolumeMention[], config: VmConfig | CtConfig): number | null {
  const sizes = places.map(({ key, section }) => {
    const values = section === 'current' ? config.values : section === 'pending' ? config.pending : (config.snapshots[section] ?? {});
    return parseSize(parsePropertyString(values[key] ?? '', 'file').properties['size'] ?? '') ?? 0;
  });
  return Math.max(0, ...sizes) || null;
}

export const isImageOfCd = (volid: Volid, places: readonly VolumeMention[]): boolean => places.every(({ isCdrom }) => isCdrom) && !isCloudInit(volid);
