import { join } from 'node:path';
import type { StorageConfig } from '../../domain/cluster/storage-config.js';
import type { NodeName, Volid } from '../../domain/ids.js';
import { directoryStorage, DIRECTORY_TYPES, SEGMENT, storageOf, unavailable } from './volume-path.js';

/** A container's volume on this node. */
export interface CtVolume {
  readonly volid: Volid;
  /** `subvol`: a directory that is the file system; `raw`: a file that holds one. */
  readonly kind: 'subvol' | 'raw';
  readonly path: string;
  readonly storage: string;
  readonly storageType: string;
  /** Whose volume its name says it is: the guest's number. */
  readonly owner: number;
}

const TYPES = [...DIRECTORY_TYPES, 'btrfs'];
const VOLUME = new RegExp(`^(?:\\d+/${SEGMENT}/)?(\\d+)/(${SEGMENT})\\.(raw|subvol)$`);

/**
 * Where a container's volume lies; whether it is there is not looked at. As PVE lays them out: `images/<vmid>/<name>`, and on
 * btrfs a raw image in a subvolume of its own, `images/<vmid>/<name without .raw>/disk.raw`. Throws `StorageUnavailable`.
 */
export function ctVolume(storages: readonly StorageConfig[], node: NodeName, volid: Volid): CtVolume {
  const storage = directoryStorage(storages, node, storageOf(volid), TYPES);
  const [, owner, name, kind] = VOLUME.exec(volid.slice(storage.id.length + 1)) ?? [];
  if (owner === undefined || name === undefined || kind === undefined) throw unavailable(storage.id, `${volid} is no volume of a container`);
  const folder = join(storage.path, 'images', owner);
  const path = kind === 'raw' && storage.type === 'btrfs' ? join(folder, name, 'disk.raw') : join(folder, `${name}.${kind}`);
  return { volid, kind: kind === 'raw' ? 'raw' : 'subvol', path, storage: storage.id, storageType: storage.type, owner: Number(owner) };
}
