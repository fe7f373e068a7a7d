import type { StorageFacts } from '../../domain/contracts/facts.js';
import type { Vmid, Volid } from '../../domain/ids.js';

export type ImageFormat = 'raw' | 'qcow2';

export interface VolumeLocation {
  readonly path: string;
  /** By the volume's name: `raw`, `qcow2`, `vmdk`. */
  readonly format: string;
  readonly storage: string;
}

/** The volumes of a node's storages, by PVE's names. Every method throws `StorageUnavailable`, naming storage and reason. */
export interface VolumeStore {
  resolve(volid: Volid): VolumeLocation;
  /** First free `vm-<vmid>-disk-<n>`. Reserves nothing. */
  nextFreeName(storage: string, vmid: Vmid, format: ImageFormat): Promise<Volid>;
  /** Creates exactly this volume, empty. No error when it exists with this format and size (a retry). */
  createExactly(volid: Volid, format: ImageFormat, sizeBytes: number): Promise<VolumeLocation>;
  /** Creates a volume under the first name nobody else took, however many create at the same time. */
  create(input: { readonly storage: string; readonly vmid: Vmid; readonly format: ImageFormat; readonly sizeBytes: number }): Promise<VolumeLocation & { readonly volid: Volid }>;
  /** Removes a guest's volume for good. No error when there is none. */
  free(volid: Volid): Promise<void>;
  /** Inactive, with zeros, when the storage is not there. */
  stat(storage: string): Promise<StorageFacts>;
}
