import type { DriveName, Volid } from '../ids.js';

/** One `scsiN|virtioN|sataN|ideN` line, taken apart. */
export interface Drive {
  readonly name: DriveName;
  readonly bus: 'scsi' | 'virtio' | 'sata' | 'ide';
  readonly index: number;
  /** volid, absolute path, `none` or `cdrom`. */
  readonly file: string;
  readonly volid: Volid | null;
  readonly media: 'disk' | 'cdrom';
  /** Every option as written (`cache`, `aio`, `iothread`, `discard`, `ssd`, `size`, `format`, `shared`, …). */
  readonly options: Readonly<Record<string, string>>;
}

export interface NetDevice {
  readonly name: string;
  readonly index: number;
  readonly model: string;
  readonly mac: string;
  readonly bridge: string | null;
  readonly tag: number | null;
  readonly options: Readonly<Record<string, string>>;
}

/**
 * A PVE `qemu-server/<vmid>.conf`, parsed. `values` holds every key of the current section as written, known or not;
 * the typed fields are what ferry acts on. Serialising (`serializeVmConfig`) keeps unknown keys, comments, the
 * pending section and snapshots.
 */
export interface VmConfig {
  readonly vmid: number;
  readonly values: Readonly<Record<string, string>>;
  readonly name: string;
  readonly lock: string | null;
  readonly memoryMiB: number;
  readonly sockets: number;
  readonly cores: number;
  readonly cpu: string | null;
  readonly kvm: boolean;
  readonly machine: string | null;
  readonly drives: readonly Drive[];
  readonly nets: readonly NetDevice[];
  /** Keys present that ferry does not act on (kept in the file). */
  readonly unknownKeys: readonly string[];
  readonly template: boolean;
  readonly pending: Readonly<Record<string, string>>;
  readonly snapshots: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** The file exactly as read: what serialising starts from. */
  readonly text: string;
}
