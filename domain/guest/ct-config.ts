import type { Vmid, Volid } from '../ids.js';
import type { LxcLine } from './config-sections.js';

/** One `rootfs` or `mpN` line, taken apart. */
export interface CtMount {
  /** `rootfs`, `mp0`, … */
  readonly name: string;
  /** null: the root file system. */
  readonly index: number | null;
  /** By its prefix, as in PVE: `/dev/…` is a device, any other absolute path a directory of the node, the rest a volume. */
  readonly kind: 'volume' | 'bind' | 'device';
  /** volid or absolute path. */
  readonly source: string;
  readonly volid: Volid | null;
  /** Where it is in the container; `/` for the root file system. */
  readonly path: string;
  /** null: not written, or a directory without a limit (`size=0`). */
  readonly sizeBytes: number | null;
  /** The administrator's word that a bind or device is the same on every node; a volume's storage knows by itself. */
  readonly shared: boolean;
  readonly readOnly: boolean;
  readonly mountOptions: readonly string[];
  /** Every option as written (`size`, `acl`, `mountoptions`, `quota`, `replicate`, `backup`, `idmap`, …). */
  readonly options: Readonly<Record<string, string>>;
}

/** One `netN` line, taken apart. */
export interface CtNet {
  /** `net0`, … */
  readonly key: string;
  readonly index: number;
  /** The interface's name in the container. */
  readonly name: string;
  readonly bridge: string | null;
  /** null: LXC draws one at each start. */
  readonly mac: string | null;
  /** A static address with its prefix length. null: none, or somebody in the container sees to it (`dhcp`, `manual`). */
  readonly ip: string | null;
  readonly gateway: string | null;
  readonly ip6: string | null;
  readonly gateway6: string | null;
  readonly tag: number | null;
  readonly mtu: number | null;
  readonly linkDown: boolean;
  readonly options: Readonly<Record<string, string>>;
}

/**
 * A PVE `lxc/<vmid>.conf`, parsed. `values` holds every key of the current section as written, known or not; the typed
 * fields are what ferry acts on. `editGuestConfig` changes lines of `text` and keeps the rest.
 */
export interface CtConfig {
  readonly vmid: Vmid;
  readonly values: Readonly<Record<string, string>>;
  readonly hostname: string;
  readonly arch: string;
  /** `debian`, `alpine`, …; `unmanaged`: PVE leaves what is inside alone. */
  readonly ostype: string;
  readonly lock: string | null;
  readonly memoryMiB: number;
  readonly swapMiB: number;
  /** null: all of the node's. */
  readonly cores: number | null;
  /** In CPUs; null: no limit. */
  readonly cpuLimit: number | null;
  /** Weight against other guests; null: PVE's default. */
  readonly cpuUnits: number | null;
  readonly unprivileged: boolean;
  /** `nesting`, `keyctl`, `fuse`, `mount`, `mknod`, `force_rw_sys`, as written. */
  readonly features: Readonly<Record<string, string>>;
  readonly template: boolean;
  readonly protection: boolean;
  /** null: the config names none, which is a problem. */
  readonly rootfs: CtMount | null;
  /** In the order of their numbers: one may lie inside another. */
  readonly mountPoints: readonly CtMount[];
  /** Volumes that belong to the guest and are mounted nowhere. */
  readonly unused: readonly { readonly key: string; readonly volid: Volid }[];
  readonly nets: readonly CtNet[];
  /** Devices of the node that are passed on (`devN`), by their path on the node. */
  readonly devices: readonly { readonly key: string; readonly path: string; readonly options: Readonly<Record<string, string>> }[];
  /** LXC's own keys (`lxc.*`), in order. */
  readonly lxc: readonly LxcLine[];
  /** Keys present that ferry does not act on (kept in the file). */
  readonly unknownKeys: readonly string[];
  readonly pending: Readonly<Record<string, string>>;
  readonly snapshots: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** The file exactly as read. */
  readonly text: string;
}
