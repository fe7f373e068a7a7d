import type { ClusterFacts, NodeFacts } from '../../domain/contracts/facts.js';
import type { MigrateRequest } from '../../domain/contracts/request.js';
import type { StorageConfig } from '../../domain/cluster/storage-config.js';
import type { World } from './world.js';
import type { VmConfig } from '../../domain/guest/vm-config.js';

const GIB = 2 ** 30;
const volidOf = (vmid: number): string => `local:${vmid}/vm-${vmid}-disk-0.qcow2`;

export const storage = (id: string, shared = false): StorageConfig => ({
  id, type: 'dir', path: `/srv/${id}`, content: ['images'], nodes: null, shared, disabled: false, bwlimitKiBps: {}, values: {},
});

export function vmConfig(vmid: number): VmConfig {
  return {
    vmid, values: { memory: '512', cores: '1', name: 'web' }, name: 'web', lock: null, memoryMiB: 512, sockets: 1, cores: 1, cpu: null, kvm: true,
    machine: null,
    drives: [{ name: 'scsi0', bus: 'scsi', index: 0, file: volidOf(vmid), volid: volidOf(vmid), media: 'disk', options: { size: '1G' } }],
    nets: [{ name: 'net0', index: 0, model: 'virtio', mac: 'BC:24:11:00:00:01', bridge: 'vmbr0', tag: null, options: {} }],
    unknownKeys: [], template: false, pending: {}, snapshots: {}, text: '',
  };
}

export function clusterFacts(vmid: number, source: string, target: string): ClusterFacts {
  return {
    quorate: true,
    members: [source, target].map((name, index) => ({ name, id: index + 1, online: true, ip: `10.0.0.${index + 1}` })),
    guest: { kind: 'qemu', node: source, config: vmConfig(vmid) },
    lockOwner: null,
    datacenter: { migration: { type: 'insecure', network: null }, bwlimitKiBps: {} },
    storages: [storage('local'), storage('shared', true)],
    configProblems: [],
    engineVersion: '0.1.0',
  };
}

export function nodeFacts(vmid: number, node: string, index: number, guestHere: boolean): NodeFacts {
  return {
    node, engineVersion: '0.1.0', qemuVersion: '10.0.2', machineTypes: ['pc-i440fx-10.0'], cpuModels: ['qemu64', 'kvm64', 'host'], cpuVendor: 'GenuineIntel',
    cpuFlags: ['sse2', 'avx'], kvmUsable: true, memoryAvailableBytes: 8 * GIB, memoryTotalBytes: 16 * GIB,
    addresses: [{ interface: 'eth0', address: `10.0.0.${index}`, prefixLength: 24, up: true }],
    bridges: ['vmbr0'],
    storages: ['local', 'shared'].map((id) => ({ id, active: true, availableBytes: 100 * GIB, totalBytes: 200 * GIB })),
    guest: {
      state: guestHere ? 'running' : 'stopped',
      pid: guestHere ? 4711 : null,
      qemuVersion: guestHere ? '10.0.2' : null,
      machine: guestHere ? 'pc-i440fx-10.0' : null,
      accelerator: guestHere ? 'kvm' : null,
      migrationBlockers: [],
      disks: guestHere
        ? [{ drive: 'scsi0', volid: volidOf(vmid), path: `/srv/local/images/${vmid}/vm-${vmid}-disk-0.qcow2`, format: 'qcow2', virtualSizeBytes: GIB, allocatedBytes: GIB, snapshots: [], backingFile: null }]
        : [],
    },
    multifd: true,
  };
}

export const requestFor = (vmid: number, target: string): MigrateRequest => ({
  vmid, target, online: true, withLocalDisks: true, force: false, requestedBy: 'tester', reason: 'a test',
});

export const SINCE = '2030-01-01T00:00:00.000Z';

/** What changes in the facts when the guest is locked. */
export function lockedBy({ guest }: ClusterFacts, lock: World['lock']): Partial<ClusterFacts> {
  if (lock === null || guest?.kind !== 'qemu') return {};
  return { lockOwner: { ...lock, requestedBy: 'root@pam', since: SINCE }, guest: { ...guest, config: { ...guest.config, lock: 'migrate' } } };
}
