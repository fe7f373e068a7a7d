import { join } from 'node:path';
import { z } from 'zod';
import type { Vmid } from '../domain/ids.js';
import { EXIT, LabError } from './errors.js';
import { type Layout, VMID_RANGE, guestAddress } from './layout.js';

const diskOption = z.object({
  storage: z.enum(['local', 'fast', 'shared']),
  size: z.string().regex(/^[1-9]\d*[MG]?$/, 'a size such as 512M or 2G'),
  format: z.enum(['raw', 'qcow2']).default('raw'),
  bus: z.enum(['scsi', 'virtio']).default('scsi'),
});
/** `--disk <storage>:<size>[,format=raw|qcow2][,bus=scsi|virtio]`; a bare size is GiB, as in PVE. */
export type DiskOption = Readonly<z.infer<typeof diskOption>>;

export interface VmOptions {
  readonly name?: string;
  readonly memoryMiB?: number;
  readonly cores?: number;
  readonly disks?: readonly string[];
  /** How fast the guest rewrites its working set. */
  readonly dirtyMiBps?: number;
  readonly workingSetMiB?: number;
  /** It sends beacons and has a QMP socket for `Lab.watch`. */
  readonly watched?: boolean;
}

export interface PlannedDisk extends DiskOption {
  readonly drive: string;
  readonly volid: string;
  /** Below the storage's path. */
  readonly file: string;
}

/** Throws `LabError` (exit 2) naming what is wrong. */
export function parseDisk(text: string): DiskOption {
  const [first = '', ...options] = text.split(',');
  const [storage, size] = first.split(':');
  const parsed = diskOption.strict().safeParse({ storage, size, ...Object.fromEntries(options.map((o) => o.split('='))) });
  if (!parsed.success) {
    const why = parsed.error.issues.map((i) => `${i.path.join('.')}: ${i.message}`).join('; ');
    throw new LabError(`disk ${text} cannot be used: ${why}`, EXIT.usage);
  }
  return { ...parsed.data, size: /\d$/.test(parsed.data.size) ? `${parsed.data.size}G` : parsed.data.size };
}

/** Names and numbers for each disk, in the order given. */
export function planDisks(vmid: Vmid, texts: readonly string[]): PlannedDisk[] {
  const used = { scsi: 0, virtio: 0 };
  return texts.map((text, i) => {
    const disk = parseDisk(text);
    const volume = `${vmid}/vm-${vmid}-disk-${i}.${disk.format}`;
    return { ...disk, drive: `${disk.bus}${used[disk.bus]++}`, volid: `${disk.storage}:${volume}`, file: join('images', volume) };
  });
}

/** The guest's `qemu-server/<vmid>.conf`. Its kernel and its program come by `args`, as PVE allows root to write. */
export function vmConfigText(layout: Layout, vmid: Vmid, options: VmOptions, disks: readonly PlannedDisk[]): string {
  requireVmid(vmid);
  const memoryMiB = options.memoryMiB ?? 256;
  const workingSetMiB = options.workingSetMiB ?? Math.floor(memoryMiB / 4);
  if (workingSetMiB > memoryMiB - 96) {
    throw new LabError(`working set of ${workingSetMiB} MiB cannot be used: the guest's kernel needs 96 of the ${memoryMiB} MiB`, EXIT.usage);
  }
  // Where many boot at once without KVM, the kernel finds its timer's interrupts too rare to be connected, and panics when no other way is better (io_apic.c, check_timer).
  const append = ['console=ttyS0', 'quiet', 'no_timer_check', `ferry.ip=${guestAddress(vmid)}/24`, `ferry.ws=${workingSetMiB}`,
    `ferry.dirty=${options.dirtyMiBps ?? 0}`, `ferry.disks=${disks.length}`, ...(options.watched ? [`ferry.beacon=${BEACON_MS}`] : [])].join(' ');
  const watch = options.watched ? ` -chardev socket,id=watch,path=${watchSocket(vmid)},server=on,wait=off -mon chardev=watch,mode=control` : '';
  return [
    `args: -kernel ${join(layout.guestDir, 'vmlinuz')} -initrd ${join(layout.guestDir, 'initrd.img')} -append "${append}"${watch}`,
    `cores: ${options.cores ?? 1}`,
    'cpu: qemu64',
    'kvm: 0',
    `memory: ${memoryMiB}`,
    `name: ${options.name ?? `guest${vmid}`}`,
    `net0: virtio=${macOf(vmid)},bridge=vmbr0`,
    ...disks.map((d) => `${d.drive}: ${d.volid},size=${d.size}`),
    ...(disks.some((d) => d.bus === 'scsi') ? ['scsihw: virtio-scsi-single'] : []),
    'serial0: socket',
    'vga: none',
  ].map((l) => `${l}\n`).join('');
}

/** Throws `LabError` (exit 2) for a number that no guest of a lab can have. */
export function requireVmid(vmid: Vmid): void {
  if (Number.isInteger(vmid) && vmid >= VMID_RANGE.min && vmid <= VMID_RANGE.max) return;
  throw new LabError(`vmid ${vmid} cannot be used: the lab's guests are ${VMID_RANGE.min}…${VMID_RANGE.max}, the last number of their address`, EXIT.usage);
}

/** A monitor of the watcher's own: nobody else has to wait for it. */
export const watchSocket = (vmid: Vmid): string => `/run/qemu-server/${vmid}.watch`;

const BEACON_MS = 5;
export const macOf = (vmid: Vmid): string => `02:30:00:00:00:${vmid.toString(16).padStart(2, '0').toUpperCase()}`;
