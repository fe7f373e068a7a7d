import type { StorageFacts } from '../../domain/contracts/facts.js';
import type { Vmid, Volid } from '../../domain/ids.js';

export type ImageFormat = 'raw' | 'qcow2';
/** `subvol`: a container's directory, or subvolume where the storage has such. */
export type VolumeFormat = ImageFormat | 'subvol';

/**
 * How a volume's content is brought to another node: `blocks` chunk by chunk, `tree` file by file, `btrfs` as the file
 * system's own stream, when both ends have it (`commonCopyMethod`).
 */
export type CopyMethod = 'blocks' | 'tree' | 'btrfs';

export interface VolumeLocation {
  /** Of an image: the file. Of a `subvol`: the directory. */
  readonly path: string;
  /** By the volume's name: `raw`, `qcow2`, `vmdk`, `subvol`. */
  readonly format: string;
  readonly storage: string;
}

export interface VolumeEntry {
  readonly volid: Volid;
  readonly path: string;
  readonly format: string;
  /** What the guest sees; null: a directory, or an image that can't be read. */
  readonly sizeBytes: number | null;
}

export interface FreeOptions {
  /** A template's volume too: the caller knows that no linked clone stands on it. */
  readonly base?: boolean;
}

/** The volumes of a node's storages, by PVE's names. Every method throws `StorageUnavailable`, naming storage and reason. */
export interface VolumeStore {
  resolve(volid: Volid): VolumeLocation;
  /** First free `vm-<vmid>-disk-<n>`, for a directory `subvol-<vmid>-disk-<n>`. Reserves nothing. */
  nextFreeName(storage: string, vmid: Vmid, format: VolumeFormat): Promise<Volid>;
  /** Creates exactly this volume, empty. No error when it exists with this format and size (a retry). A directory's size is not limited. */
  createExactly(volid: Volid, format: VolumeFormat, sizeBytes: number): Promise<VolumeLocation>;
  /** Creates a volume under the first name nobody else took, however many create at the same time. */
  create(input: { readonly storage: string; readonly vmid: Vmid; readonly format: ImageFormat; readonly sizeBytes: number }): Promise<VolumeLocation & { readonly volid: Volid }>;
  exists(volid: Volid): Promise<boolean>;
  /** A guest's volumes there, base volumes too, in the order of their names. */
  list(storage: string, vmid: Vmid): Promise<readonly VolumeEntry[]>;
  /** Removes a guest's volume for good. No error when there is none. */
  free(volid: Volid, options?: FreeOptions): Promise<void>;
  /** Inactive, with zeros, when the storage is not there. */
  stat(storage: string): Promise<StorageFacts>;
  copyMethod(volid: Volid): CopyMethod;
}

/** What both ends can do: a subvolume is a directory for everybody else. */
export const commonCopyMethod = (source: CopyMethod, target: CopyMethod): CopyMethod => (source === 'btrfs' && target === 'btrfs' ? 'btrfs' : source === 'blocks' ? 'blocks' : 'tree');
