import { join } from 'node:path';
import type { StorageConfig } from '../../domain/cluster/storage-config.js';
import { MigrationError } from '../../domain/errors.js';
import type { NodeName, Volid } from '../../domain/ids.js';
import type { VolumeLocation } from './volume-store.js';

/** PVE's storage types that are a directory with the usual layout. */
export const DIRECTORY_TYPES: readonly string[] = ['dir', 'nfs', 'cifs', 'cephfs'];

/** One path segment: no separator, no `.` or `..`, nothing hidden. */
export const SEGMENT = '[A-Za-z0-9_+][A-Za-z0-9_.+-]*';
/** `101/vm-101-disk-0.qcow2`, or behind the base image of a linked clone. */
const IMAGE = new RegExp(`^(?:\\d+/${SEGMENT}/)?(\\d+)/(${SEGMENT}\\.(raw|qcow2|vmdk|subvol))$`);
const ISO = new RegExp(`^iso/(${SEGMENT})$`);

/** Where a volume lies. The path cannot leave the storage, whatever the name. */
export function volumePath(storage: StorageConfig & { readonly path: string }, volid: Volid): VolumeLocation {
  const name = volid.slice(storage.id.length + 1);
  const image = IMAGE.exec(name);
  if (image !== null) return { path: join(storage.path, 'images', image[1] ?? '', image[2] ?? ''), format: image[3] ?? '', storage: storage.id };
  const iso = ISO.exec(name);
  if (iso !== null) return { path: join(storage.path, 'template', 'iso', iso[1] ?? ''), format: 'raw', storage: storage.id };
  throw unavailable(storage.id, `${volid} is no volume name`);
}

export const imageFolder = (storage: StorageConfig & { readonly path: string }, vmid: number): string => join(storage.path, 'images', String(vmid));

/** The storage by its name, if this node may and can use it. `types`: those the caller knows the layout of. */
export function directoryStorage(storages: readonly StorageConfig[], node: NodeName, id: string, types = DIRECTORY_TYPES): StorageConfig & { readonly path: string } {
  const storage = storages.find((known) => known.id === id);
  if (storage === undefined) throw unavailable(id, 'it does not exist');
  if (storage.disabled) throw unavailable(id, 'it is disabled');
  if (storage.nodes !== null && !storage.nodes.includes(node)) throw unavailable(id, `it is not available on node ${node}`);
  if (!types.includes(storage.type) || storage.path === null) throw unavailable(id, `type ${storage.type} is not supported`);
  return { ...storage, path: storage.path };
}

export const storageOf = (volid: Volid): string => volid.slice(0, Math.max(0, volid.indexOf(':')));

export const unavailable = (storage: string, cause: string, facts: Readonly<Record<string, unknown>> = {}): MigrationError =>
  new MigrationError('StorageUnavailable', `use storage failed: ${storage}: ${cause}`, { storage, ...facts });
