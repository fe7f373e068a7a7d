import type { GuestNeeds, NodeRoom, PlacementRule } from '../../../domain/contracts/evacuation.js';
import { mayHost, type HostContext } from '../../../domain/placement/may-host.js';
import { GIB } from '../../../domain/units.js';
import { guest, node, request } from './support/inventory.js';

const source = node('pve1', { cpuVendor: 'GenuineIntel', cpuFlags: ['aes', 'avx2'] });
const judge = (given: Partial<GuestNeeds>, room: Partial<NodeRoom> = {}, context: Partial<HostContext> = {}): unknown =>
  mayHost(guest(101, given), node('pve2', { cpuVendor: 'GenuineIntel', cpuFlags: ['aes', 'avx2'], ...room }), { request: request(), rules: [], avoid: [], source, mode: 'live', ...context });

describe('mayHost', () => {
  it('takes a guest, with its storages under their own names', () => {
    expect(judge({ storages: [{ storage: 'local', shared: false, bytes: GIB }, { storage: 'shared', shared: true, bytes: 0 }] })).toEqual({ space: [{ storage: 'local', bytes: GIB }] });
  });

  it('finds the emptiest storage that may hold what has no storage of its name', () => {
    const storages = [['a', 5, ['images']], ['b', 9, ['rootdir']], ['c', 7, ['images', 'rootdir']], ['d', 8, undefined]].map(([storage, gib, holds]) => ({
      storage: storage as string, availableBytes: (gib as number) * GIB, totalBytes: 100 * GIB, ...(holds === undefined ? {} : { holds: holds as string[] }),
    }));
    expect(judge({ storages: [{ storage: 'tank', shared: false, bytes: 6 * GIB }] }, { storages })).toEqual({ targetStorage: 'tank:c', space: [{ storage: 'c', bytes: 6 * GIB }] });
  });

  const strict: PlacementRule = { kind: 'node-affinity', id: 'here', strict: true, guests: [101], nodes: [{ node: 'pve1', priority: 0 }] };
  it.each<[string, Partial<GuestNeeds>, Partial<NodeRoom>, Partial<HostContext>, string]>([
    ['node-evacuated', {}, { node: 'pve1' }, {}, 'pve1 is the node to empty'],
    ['node-not-wanted', {}, {}, { request: request({ targets: ['pve3'] }) }, 'pve2 is not among the targets asked for'],
    ['node-offline', {}, { online: false }, {}, 'pve2 is offline, or did not answer'],
    ['node-cordoned', {}, { cordoned: true }, {}, 'pve2 is cordoned: nothing new may be placed there'],
    ['node-failed', {}, {}, { avoid: [{ vmid: 101, node: 'pve2' }] }, 'vm 101 could not be moved to pve2 before'],
    ['rule-node-affinity', {}, {}, { rules: [strict] }, 'rule here keeps vm 101 on pve1, so not on pve2'],
    ['bridge-missing', { bridges: ['vmbr7'] }, {}, {}, 'pve2 lacks bridge vmbr7 of vm 101'],
    ['qemu-too-old', {}, { qemuVersion: '9.2.0' }, {}, 'QEMU 9.2.0 on pve2 is older than QEMU 10.0.2 on pve1, where vm 101 runs'],
    ['cpu-model-unknown', { cpuModel: 'EPYC-Turin' }, {}, {}, 'CPU model EPYC-Turin of vm 101 is not known to QEMU on pve2'],
    ['kvm-unusable', { kvm: true }, { kvmUsable: false }, {}, 'vm 101 needs KVM, and KVM does not work on pve2'],
    ['cpu-vendor-differs', { kvm: true, cpuModel: 'host' }, { cpuVendor: 'AuthenticAMD' }, {}, 'CPU model host of vm 101 needs the same CPU: GenuineIntel on pve1, AuthenticAMD on pve2'],
    ['cpu-flags-missing', { kvm: true, cpuModel: 'host' }, { cpuFlags: ['aes'] }, {}, 'the CPU of pve2 lacks flags that vm 101 has: avx2'],
    ['storage-missing', { storages: [{ storage: 'nas', shared: true, bytes: 0 }] }, {}, {}, 'pve2 lacks storage nas of vm 101'],
    ['storage-missing', { storages: [{ storage: 'tank', shared: false, bytes: 1 }] }, {}, {}, 'pve2 lacks storage tank of vm 101'],
  ])('refuses: %s', (code, given, room, context, sentence) => {
    expect(judge(given, room, context)).toMatchObject({ code, sentence, remedy: expect.stringMatching(/\S/) });
  });

  it('does not ask of a stopped guest what only a running one needs', () => {
    expect(judge({ running: false, bridges: ['vmbr7'], cpuModel: 'EPYC-Turin' }, { qemuVersion: '9.0.0' }, { mode: 'offline' })).toEqual({ space: [] });
  });

  it('asks nothing of a CPU nobody knows', () => {
    expect(judge({ kvm: true, cpuModel: 'host' }, { cpuFlags: undefined as never, cpuVendor: undefined as never })).toEqual({ space: [] });
  });
});
