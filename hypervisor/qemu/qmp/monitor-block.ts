import { z } from 'zod';
import type { QemuAddress } from './address.js';
import { MachineMonitor } from './monitor-machine.js';

export interface BlockJob {
  /** The job's id. */
  readonly device: string;
  readonly type: string;
  readonly status: string;
  /** Bytes. */
  readonly offset: number;
  readonly len: number;
  /** Bytes per second; 0: no limit. */
  readonly speed: number;
  readonly ready: boolean;
  readonly paused: boolean;
  /** Mirrors only: writes reach both sides before the guest is answered. null: QEMU does not say. */
  readonly activelySynced: boolean | null;
}

export interface BlockNode {
  readonly nodeName: string;
  readonly driver: string;
  readonly readOnly: boolean;
  readonly filename: string;
  readonly virtualSizeBytes: number;
}

export interface BlockDevice {
  readonly qdev: string | null;
  readonly nodeName: string | null;
  readonly filename: string | null;
  readonly image: BlockImage | null;
}

/** An image as the QEMU that has it open sees it. */
export interface BlockImage {
  readonly format: string;
  readonly virtualSizeBytes: number;
  readonly allocatedBytes: number;
  /** Internal snapshots by name. */
  readonly snapshots: readonly string[];
  readonly backingFile: string | null;
}

export interface BlockExport {
  readonly id: string;
  readonly nodeName: string;
  readonly shuttingDown: boolean;
}

/** `blockdev-mirror`, by QEMU's names. `speed`: bytes per second, 0: no limit. */
export interface MirrorArguments {
  readonly 'job-id': string;
  readonly device: string;
  readonly target: string;
  readonly sync: 'full' | 'top' | 'none';
  readonly 'copy-mode'?: 'background' | 'write-blocking';
  readonly speed?: number;
  /** Most bytes in flight; QEMU's default is 16 MiB. */
  readonly 'buf-size'?: number;
  readonly 'auto-dismiss'?: boolean;
  readonly 'auto-finalize'?: boolean;
}

/** Disks: nodes, jobs, NBD. Every method throws `QmpError`. */
export class BlockMonitor extends MachineMonitor {
  /** `options` by QEMU's names (`BlockdevOptions`). */
  blockdevAdd(options: Readonly<Record<string, unknown>>): Promise<void> {
    return this.tell('blockdev-add', options);
  }

  blockdevDel(nodeName: string): Promise<void> {
    return this.tell('blockdev-del', { 'node-name': nodeName });
  }

  /** Breaks the node's network connection at once; what waits on it fails. Works while QEMU's main loop is stuck. */
  yankBlockNode(nodeName: string): Promise<void> {
    return this.tell('yank', { instances: [{ type: 'block-node', 'node-name': nodeName }] }, { outOfBand: true });
  }

  blockdevMirror(options: MirrorArguments): Promise<void> {
    return this.tell('blockdev-mirror', { ...options });
  }

  queryBlockJobs(): Promise<readonly BlockJob[]> {
    return this.ask('query-block-jobs', BlockJobs);
  }

  /** A ready mirror without `force` ends in step with its target; otherwise the copy is given up. */
  blockJobCancel(device: string, force: boolean): Promise<void> {
    return this.tell('block-job-cancel', { device, force });
  }

  blockJobSetSpeed(device: string, bytesPerSecond: number): Promise<void> {
    return this.tell('block-job-set-speed', { device, speed: bytesPerSecond });
  }

  blockJobChange(options: { readonly id: string; readonly type: 'mirror'; readonly 'copy-mode': 'write-blocking' }): Promise<void> {
    return this.tell('block-job-change', options);
  }

  queryNamedBlockNodes(): Promise<readonly BlockNode[]> {
    return this.ask('query-named-block-nodes', BlockNodes, { flat: true });
  }

  /** Devices and what is in them; `nodeName` null: empty. */
  queryBlock(): Promise<readonly BlockDevice[]> {
    return this.ask('query-block', BlockDevices);
  }

  nbdServerStart(address: QemuAddress, options: { readonly tlsCreds?: string; readonly maxConnections?: number } = {}): Promise<void> {
    const { type, ...data } = address;
    return this.tell('nbd-server-start', {
      addr: { type, data }, 'tls-creds': options.tlsCreds, 'max-connections': options.maxConnections,
    });
  }

  /** Closes the server and every export on it. */
  nbdServerStop(): Promise<void> {
    return this.tell('nbd-server-stop');
  }

  blockExportAdd(e: { readonly id: string; readonly nodeName: string; readonly exportName: string; readonly writable: boolean }): Promise<void> {
    return this.tell('block-export-add', { type: 'nbd', id: e.id, 'node-name': e.nodeName, name: e.exportName, writable: e.writable });
  }

  blockExportDel(id: string, mode: 'safe' | 'hard' = 'safe'): Promise<void> {
    return this.tell('block-export-del', { id, mode });
  }

  queryBlockExports(): Promise<readonly BlockExport[]> {
    return this.ask('query-block-exports', BlockExports);
  }
}

const BlockJobs = z.array(z.object({
  device: z.string(), type: z.string(), status: z.string(), offset: z.number(), len: z.number(), speed: z.number(),
  ready: z.boolean(), paused: z.boolean(), 'actively-synced': z.boolean().optional(),
}).transform(({ 'actively-synced': activelySynced, ...job }): BlockJob => ({ ...job, activelySynced: activelySynced ?? null })));

const BlockNodes = z.array(z.object({
  'node-name': z.string().optional(), drv: z.string(), ro: z.boolean(), file: z.string(), image: z.object({ 'virtual-size': z.number() }),
}).transform((n): BlockNode => ({
  nodeName: n['node-name'] ?? '', driver: n.drv, readOnly: n.ro, filename: n.file, virtualSizeBytes: n.image['virtual-size'],
})));

const Image = z.object({
  format: z.string(), 'virtual-size': z.number(), 'actual-size': z.number().default(0),
  snapshots: z.array(z.object({ name: z.string() })).default([]), 'backing-filename': z.string().optional(),
}).transform((image): BlockImage => ({
  format: image.format, virtualSizeBytes: image['virtual-size'], allocatedBytes: image['actual-size'],
  snapshots: image.snapshots.map(({ name }) => name), backingFile: image['backing-filename'] ?? null,
}));

const BlockDevices = z.array(z.object({
  qdev: z.string().optional(), inserted: z.object({ 'node-name': z.string().optional(), file: z.string(), image: Image }).optional(),
}).transform((d): BlockDevice => ({
  qdev: d.qdev ?? null, nodeName: d.inserted?.['node-name'] ?? null, filename: d.inserted?.file ?? null, image: d.inserted?.image ?? null,
})));

const BlockExports = z.array(z.object({ id: z.string(), 'node-name': z.string(), 'shutting-down': z.boolean() })
  .transform((e): BlockExport => ({ id: e.id, nodeName: e['node-name'], shuttingDown: e['shutting-down'] })));
