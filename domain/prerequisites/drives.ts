import type { StorageConfig } from '../cluster/storage-config.js';
import type { Drive } from '../guest/vm-config.js';
import type { Volid } from '../ids.js';

/** A drive and what it means for a move. */
export type SortedDrive =
  | { readonly kind: 'empty' | 'host-cdrom' | 'shared-path' | 'local-path'; readonly drive: Drive }
  | { readonly kind: 'unknown-storage'; readonly drive: Drive; readonly volid: Volid; readonly storageId: string }
  | {
      /** `shared`: both nodes see it; `local`: a disk to copy; `local-cdrom`: an image on one node only. */
      readonly kind: 'shared' | 'local' | 'local-cdrom';
      readonly drive: Drive;
      readonly volid: Volid;
      readonly storage: StorageConfig;
    };

export type LocalDrive = Extract<SortedDrive, { readonly storage: StorageConfig }>;

export function sortDrives(drives: readonly Drive[], storages: readonly StorageConfig[]): SortedDrive[] {
  return drives.map((drive) => sortDrive(drive, storages));
}

export function localDisks(drives: readonly SortedDrive[]): LocalDrive[] {
  return drives.filter((sorted): sorted is LocalDrive => sorted.kind === 'local');
}

export const storageIdOf = (volid: Volid): string => volid.slice(0, volid.indexOf(':'));

/** The guest a volume belongs to by PVE's names: `vm-101-disk-0`, else the folder in `local:101/disk.raw`; null: nobody. */
export function ownerOf(volid: Volid): number | null {
  const match = /[:/](?:vm|base|subvol|basevol)-(\d+)-[^/]+$/.exec(volid) ?? /:(\d+)\//.exec(volid);
  return match?.[1] === undefined ? null : Number(match[1]);
}

function sortDrive(drive: Drive, storages: readonly StorageConfig[]): SortedDrive {
  if (drive.file === 'none') return { kind: 'empty', drive };
  if (drive.file === 'cdrom') return { kind: 'host-cdrom', drive };
  const { volid } = drive;
  if (volid === null) return { kind: drive.options['shared'] === '1' ? 'shared-path' : 'local-path', drive };
  const storage = storages.find(({ id }) => id === storageIdOf(volid));
  if (storage === undefined) return { kind: 'unknown-storage', drive, volid, storageId: storageIdOf(volid) };
  if (storage.shared) return { kind: 'shared', drive, volid, storage };
  return { kind: drive.media === 'cdrom' ? 'local-cdrom' : 'local', drive, volid, storage };
}
