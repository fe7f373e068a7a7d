import { availableParallelism } from 'node:os';
import type { LivePlan } from '../domain/contracts/plan.js';
import type { MigrationType } from '../domain/contracts/request.js';
import type { VmConfig } from '../domain/guest/vm-config.js';

/** The local disk of the benchmark's guest; its other one is shared. */
export const DRIVE = 'scsi0';
const DISK_BYTES = 64 * 1024 * 1024;

/** What ferry's own plan says for this guest, as far as QEMU is concerned; the downtime limit is the one QEMU is given by PVE. */
export const barePlan = (config: VmConfig, source: string, target: string, type: MigrationType): LivePlan => ({
  vmid: config.vmid, name: config.name, source, target, mode: 'live', machine: 'pc-i440fx-10.0', keepPaused: false, memoryBytes: config.memoryMiB * 1024 * 1024,
  transport: {
    type, network: '10.10.10.0/24', sourceAddress: addressOf(source), targetAddress: addressOf(target),
    multifdChannels: type === 'secure' ? 0 : Math.min(4, availableParallelism()),
  },
  disks: [{ drive: DRIVE, sourceVolid: '', sourceFormat: 'qcow2', targetStorage: 'local', targetFormat: 'qcow2', sizeBytes: DISK_BYTES }],
  bandwidthBytesPerSecond: null,
  policy: { initialDowntimeLimitMs: 100, downtimeBudgetMs: 300, deadlineSeconds: 120, maxCpuThrottlePercent: 80 },
});

const addressOf = (node: string): string => `10.10.10.${node.slice('pve'.length)}`;
