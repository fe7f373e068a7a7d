import { join } from 'node:path';
import { z } from 'zod';
import type { StorageConfig } from '../domain/cluster/storage-config.js';
import type { Vmid } from '../domain/ids.js';
import { EXIT, LabError } from './errors.js';
import { NETWORKS, guestAddress } from './layout.js';
import { macOf, requireVmid } from './vm-config.js';

export interface CtOptions {
  /** `<storage>:<size>`, as PVE: 0 is a directory (a subvolume on btrfs), anything else an image of that size. Default `local:0`. */
  readonly rootfs?: string;
  /** What it does besides answering HTTP on port 80: `counter` writes a number to its disk every 20 ms. Default `http`. */
  readonly service?: 'http' | 'counter';
  /** How many files of data it is made with, and how much is in them all together (default 4 KiB each). */
  readonly files?: number;
  readonly dataMiB?: number;
  readonly memoryMiB?: number;
  readonly hostname?: string;
  /** An init that does not halt when it is told to. */
  readonly stubborn?: boolean;
}

export interface PlannedRootfs {
  readonly volid: string;
  /** What `lab/guest/ct-volume.sh` is told to make. */
  readonly kind: 'subvol' | 'btrfs-subvol' | 'raw' | 'btrfs-raw';
  readonly path: string;
  /** As truncate(1) and PVE write it; `0`: no image. */
  readonly size: string;
}

const rootfsOption = z.object({
  storage: z.string().min(1, 'a storage'),
  size: z.string().regex(/^(0|[1-9]\d*[MG]?)$/, '0, or a size such as 512M or 2G'),
});

/** Name, kind and place of the volume. Throws `LabError` (exit 2) naming what is wrong. */
export function planRootfs(vmid: Vmid, text: string, storages: readonly StorageConfig[]): PlannedRootfs {
  const [storageId, written, ...rest] = text.split(':');
  const parsed = rootfsOption.safeParse({ storage: storageId, size: written });
  const storage = storages.find(({ id }) => id === storageId);
  const path = storage?.path ?? null;
  const why = !parsed.success ? parsed.error.issues.map((i) => `${i.path.join('.')}: ${i.message}`).join('; ')
    : rest.length > 0 ? 'expected <storage>:<size>'
    : path === null ? `no storage ${storageId}: there are ${storages.map(({ id }) => id).join(', ')}` : null;
  if (!parsed.success || storage === undefined || path === null || why !== null) throw new LabError(`root file system ${text} cannot be used: ${why}`, EXIT.usage);
  const size = /[1-9]\d*$/.test(parsed.data.size) ? `${parsed.data.size}G` : parsed.data.size;
  const kind = size === '0' ? 'subvol' : 'raw';
  const onBtrfs = storage.type === 'btrfs';
  const name = kind === 'subvol' ? `subvol-${vmid}-disk-0.subvol` : `vm-${vmid}-disk-0.raw`;
  const folder = join(path, 'images', String(vmid));
  return {
    volid: `${storage.id}:${vmid}/${name}`, size,
    kind: onBtrfs ? `btrfs-${kind}` : kind,
    path: onBtrfs && kind === 'raw' ? join(folder, `vm-${vmid}-disk-0`, 'disk.raw') : join(folder, name),
  };
}

/** The container's `lxc/<vmid>.conf`. */
export function ctConfigText(vmid: Vmid, options: CtOptions, rootfs: PlannedRootfs): string {
  requireVmid(vmid);
  return [
    'arch: amd64',
    `hostname: ${options.hostname ?? `guest${vmid}`}`,
    `memory: ${options.memoryMiB ?? 64}`,
    `net0: name=eth0,bridge=vmbr0,gw=${NETWORKS.guest.prefix}.254,hwaddr=${macOf(vmid)},ip=${guestAddress(vmid)}/24,type=veth`,
    'ostype: unmanaged',
    `rootfs: ${rootfs.volid},size=${rootfs.size === '0' ? '0T' : rootfs.size}`,
    'swap: 0',
  ].map((l) => `${l}\n`).join('');
}

/** What its init reads at each start. */
export const initWords = (options: CtOptions): string => [options.service ?? 'http', ...(options.stubborn === true ? ['stubborn'] : [])].join(' ');
