import type { EvacuationRequest, GuestNeeds, Inventory, NodeRoom } from '../../../../domain/contracts/evacuation.js';
import type { PlanQuestion } from '../../../../domain/placement/problem.js';
import { GIB, MIB } from '../../../../domain/units.js';

export const guest = (vmid: number, given: Partial<GuestNeeds> = {}): GuestNeeds => ({
  vmid, kind: 'qemu', name: `guest-${vmid}`, node: 'pve1', running: true, template: false, memoryBytes: GIB, cores: 1, cpuModel: null, tags: [], bridges: ['vmbr0'],
  storages: [{ storage: 'shared', shared: true, bytes: 0 }], blockers: [], ...given,
});

export const node = (name: string, given: Partial<NodeRoom> = {}): NodeRoom => ({
  node: name, online: true, cordoned: false, memoryTotalBytes: 32 * GIB, memoryAvailableBytes: 32 * GIB, cpuCount: 8, qemuVersion: '10.0.2', cpuModels: ['qemu64', 'host', 'kvm64'],
  bridges: ['vmbr0'], storages: [{ storage: 'shared', availableBytes: 1000 * GIB, totalBytes: 1000 * GIB }, { storage: 'local', availableBytes: 100 * GIB, totalBytes: 200 * GIB }],
  linkBytesPerSecond: 125 * MIB, ...given,
});

export const request = (given: Partial<EvacuationRequest> = {}): EvacuationRequest => ({
  node: 'pve1', approval: false, dryRun: false, spareMemoryPercent: 10, restartContainers: true, offlineShutdown: false, parking: false, concurrency: 2, canary: 0,
  failureBudget: 2, applicationTagPrefix: 'app-', atWindowClose: 'finish', skip: [], requestedBy: 'test', ...given,
});

export const question = (inventory: Partial<Inventory>, asked: Partial<EvacuationRequest> = {}, rest: Partial<PlanQuestion> = {}): PlanQuestion => ({
  inventory: { guests: [], nodes: [], rules: [], problems: [], ...inventory }, request: request(asked), settled: [], moving: [], avoid: [], ...rest,
});
