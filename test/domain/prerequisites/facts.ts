import type { ClusterFacts, DiskFacts, GuestRuntimeFacts, MigrationFacts, NodeFacts } from '../../../domain/contracts/facts.js';
import type { MigrateRequest } from '../../../domain/contracts/request.js';
import type { StorageConfig } from '../../../domain/cluster/storage-config.js';
import type { Drive, VmConfig } from '../../../domain/guest/vm-config.js';
import { GIB } from '../../../domain/units.js';

/** A migration that nothing speaks against: VM 101 with one local and one shared disk, from pve1 to pve2. Tests change one thing. */
export const goodRequest: MigrateRequest = { vmid: 101, target: 'pve2', withLocalDisks: true, force: false, requestedBy: 'root@pam' };

export function storage(change: Partial<StorageConfig> = {}): StorageConfig {
  return { id: 'local', type: 'dir', path: '/var/lib/vz', content: ['images', 'iso'], nodes: null, shared: false, disabled: false, bwlimitKiBps: {}, values: {}, ...change };
}

export function drive(name: string, file: string, options: Record<string, string> = {}): Drive {
  const match = /^(scsi|virtio|sata|ide)(\d+)$/.exec(name);
  return {
    name,
    bus: (match?.[1] ?? 'scsi') as Drive['bus'],
    index: Number(match?.[2] ?? 0),
    file,
    volid: /^[a-z][\w.-]*:/.test(file) ? file : null,
    media: options['media'] === 'cdrom' ? 'cdrom' : 'disk',
    options,
  };
}

const LOCAL_DISK = 'local:101/vm-101-disk-0.qcow2';
const SHARED_DISK = 'shared:101/vm-101-disk-1.raw';

export function config(change: Partial<VmConfig> = {}): VmConfig {
  return {
    vmid: 101, values: {}, name: 'web', lock: null, memoryMiB: 512, sockets: 1, cores: 1, cpu: null, kvm: false, machine: null,
    drives: [drive('scsi0', LOCAL_DISK), drive('scsi1', SHARED_DISK)],
    nets: [{ name: 'net0', index: 0, model: 'virtio', mac: 'BC:24:11:00:00:01', bridge: 'vmbr0', tag: null, options: {} }],
    unknownKeys: [], template: false, pending: {}, snapshots: {}, text: '', ...change,
  };
}

export function disk(change: Partial<DiskFacts> = {}): DiskFacts {
  return {
    drive: 'scsi0', volid: LOCAL_DISK, path: '/var/lib/vz/images/101/vm-101-disk-0.qcow2', format: 'qcow2',
    virtualSizeBytes: 2 * GIB, allocatedBytes: GIB, snapshots: [], backingFile: null, ...change,
  };
}

export function runtime(change: Partial<GuestRuntimeFacts> = {}): GuestRuntimeFacts {
  return {
    state: 'running', pid: 4711, qemuVersion: '10.0.2', machine: 'pc-i440fx-10.0', accelerator: 'tcg', migrationBlockers: [],
    disks: [disk(), disk({ drive: 'scsi1', volid: SHARED_DISK, path: '/mnt/shared/images/101/vm-101-disk-1.raw', format: 'raw' })],
    ...change,
  };
}

export function node(name: string, change: Partial<NodeFacts> = {}): NodeFacts {
  const lastByte = Number(name.replace(/\D/g, ''));
  return {
    node: name, engineVersion: '0.1.0', qemuVersion: '10.0.2 (Debian 1:10.0.2+ds-2)', machineTypes: ['pc-i440fx-9.2', 'pc-i440fx-10.0', 'pc-q35-10.0'],
    cpuModels: ['qemu64', 'kvm64', 'Nehalem', 'max'], cpuVendor: 'GenuineIntel', cpuFlags: ['sse2', 'pni', 'ssse3', 'sse4_1', 'sse4_2', 'popcnt', 'aes'],
    kvmUsable: true, memoryAvailableBytes: 8 * GIB, memoryTotalBytes: 16 * GIB,
    addresses: [
      { interface: 'mgmt0', address: `10.0.0.${lastByte}`, prefixLength: 24, up: true },
      { interface: 'mig0', address: `10.1.2.${lastByte}`, prefixLength: 24, up: true },
    ],
    bridges: ['vmbr0'],
    storages: ['local', 'fast', 'shared'].map((id) => ({ id, active: true, availableBytes: 100 * GIB, totalBytes: 200 * GIB })),
    guest: { state: 'stopped', pid: null, qemuVersion: null, machine: null, accelerator: null, migrationBlockers: [], disks: [] },
    multifd: true, ...change,
  };
}

export function cluster(change: Partial<ClusterFacts> = {}): ClusterFacts {
  return {
    quorate: true,
    members: [1, 2, 3].map((id) => ({ name: `pve${id}`, id, online: true, ip: `10.0.0.${id}` })),
    guest: { kind: 'qemu', node: 'pve1', config: config() },
    lockOwner: null,
    datacenter: { migration: { type: 'secure', network: null }, bwlimitKiBps: {} },
    storages: [storage(), storage({ id: 'fast', path: '/fast' }), storage({ id: 'shared', path: '/mnt/shared', shared: true })],
    configProblems: [],
    engineVersion: '0.1.0',
    ...change,
  };
}

export const withConfig = (change: Partial<VmConfig>): ClusterFacts => cluster({ guest: { kind: 'qemu', node: 'pve1', config: config(change) } });

export const source = (guest: Partial<GuestRuntimeFacts> = {}, change: Partial<NodeFacts> = {}): NodeFacts => node('pve1', { guest: runtime(guest), ...change });
export const target = (change: Partial<NodeFacts> = {}): NodeFacts => node('pve2', change);

export function goodFacts(change: Partial<MigrationFacts> = {}): MigrationFacts {
  return { cluster: cluster(), source: source(), target: target(), unreachable: [], ...change };
}
