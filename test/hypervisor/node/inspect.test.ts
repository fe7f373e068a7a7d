import type { StorageConfig } from '../../../domain/cluster/storage-config.js';
import type { NodeFacts } from '../../../domain/contracts/facts.js';
import { runOk } from '../../../hypervisor/exec.js';
import { inspectNode } from '../../../hypervisor/node/inspect.js';
import { startQemu } from '../../../hypervisor/qemu/process/start.js';
import { stopQemu } from '../../../hypervisor/qemu/process/stop.js';
import { createDirStorage } from '../../../hypervisor/storage/dir-storage.js';
import type { VolumeStore } from '../../../hypervisor/storage/volume-store.js';
import { makeNode, type NodeFixture } from '../support/node-fixture.js';
import { vmConfig } from '../support/vm-config.js';

const VMID = 990_003;
const MIB = 1024 ** 2;
let node: NodeFixture;
let storages: StorageConfig[];
let store: VolumeStore;
beforeEach(async () => {
  node = await makeNode();
  const storage: StorageConfig = { id: 'local', type: 'dir', path: node.folder, content: ['images'], nodes: null, shared: false, disabled: false, bwlimitKiBps: {}, values: {} };
  storages = [storage, { ...storage, id: 'gone', path: '/no/such/folder' }];
  store = createDirStorage(storages, 'pve1');
});
afterEach(async () => {
  await stopQemu(VMID, node.paths, { graceMs: 0 });
  await node.remove();
});

const inspect = (lines: Readonly<Record<string, string>> | null): Promise<NodeFacts> => inspectNode({
  node: 'pve1', engineVersion: '1.2.3', storages, vmid: VMID, config: lines === null ? null : vmConfig(VMID, lines),
  paths: { ...node.paths, runDir: node.folder }, volumes: null, binaries: { qemu: 'qemu-system-x86_64', qemuImg: 'qemu-img' },
});

describe('inspectNode', () => {
  it('tells what the node is and has, with no guest on it', async () => {
    const facts = await inspect(null);
    expect(facts).toMatchObject({ node: 'pve1', engineVersion: '1.2.3', multifd: true, guest: { state: 'stopped', pid: null, disks: [] } });
    expect(facts.qemuVersion).toMatch(/^\d+\.\d+\.\d+$/);
    expect(facts.machineTypes).toEqual(expect.arrayContaining(['pc', 'q35']));
    expect(facts.cpuModels).toEqual(expect.arrayContaining(['qemu64', 'kvm64', 'host']));
    expect(facts.cpuFlags).toContain('lm');
    expect(facts.cpuVendor).not.toBe('');
    expect(facts.memoryTotalBytes).toBeGreaterThan(facts.memoryAvailableBytes);
    expect(facts.memoryAvailableBytes).toBeGreaterThan(0);
    expect(facts.addresses).toContainEqual({ interface: 'lo', address: '127.0.0.1', prefixLength: 8, up: true });
    expect(facts.bridges).toContain(node.bridge);
    expect(facts.vlanAwareBridges).not.toContain(node.bridge);
    expect(facts.storages).toEqual([expect.objectContaining({ id: 'local', active: true }), { id: 'gone', active: false, availableBytes: 0, totalBytes: 0 }]);
  });

  it('tells an address on an interface that is down', async () => {
    await runOk('ip', ['addr', 'add', '192.0.2.7/24', 'dev', node.bridge]);
    expect((await inspect(null)).addresses).toContainEqual({ interface: node.bridge, address: '192.0.2.7', prefixLength: 24, up: false });
  });

  it('tells what a guest runs in, and its disks as they are', async () => {
    const a = await store.create({ storage: 'local', vmid: VMID, format: 'qcow2', sizeBytes: 8 * MIB });
    const b = await store.create({ storage: 'local', vmid: VMID, format: 'raw', sizeBytes: 4 * MIB });
    await runOk('qemu-img', ['snapshot', '-c', 'old', a.path]);
    const lines = { scsi0: a.volid, virtio1: b.volid, ide2: 'none,media=cdrom', sata3: 'gone:1/vm-1-disk-0.raw,media=cdrom' };
    const argv = node.argv(VMID, { scsi0: a.volid, virtio1: b.volid }, { resolve: (volid) => store.resolve(volid) });
    const { pid } = await startQemu({ vmid: VMID, argv, taps: [], paths: node.paths });
    const { guest } = await inspect(lines);
    expect(guest).toEqual({
      state: 'prelaunch', pid, qemuVersion: expect.stringMatching(/^\d/) as string, machine: expect.stringMatching(/^pc-i440fx-\d+\.\d+$/) as string, accelerator: 'tcg', migrationBlockers: [],
      disks: [
        { drive: 'scsi0', volid: a.volid, path: a.path, format: 'qcow2', virtualSizeBytes: 8 * MIB, allocatedBytes: expect.any(Number) as number, snapshots: ['old'], backingFile: null },
        { drive: 'virtio1', volid: b.volid, path: b.path, format: 'raw', virtualSizeBytes: 4 * MIB, allocatedBytes: expect.any(Number) as number, snapshots: [], backingFile: null },
      ],
    });
  });

  it('tells QEMU\'s own reasons against a migration', async () => {
    const argv = node.argv(VMID, { args: `-blockdev driver=vvfat,node-name=fat,dir=${node.paths.qemuRunDir},rw=on` });
    await startQemu({ vmid: VMID, argv, taps: [], paths: node.paths });
    expect((await inspect({})).guest.migrationBlockers).toContainEqual(expect.stringContaining('vvfat'));
  });

  it('calls a QEMU that does not answer by no name, and leaves out a disk that is not there', async () => {
    const { pid } = await startQemu({ vmid: VMID, argv: node.argv(VMID, {}), taps: [], paths: node.paths });
    process.kill(pid, 'SIGSTOP');
    expect((await inspect({ scsi0: 'local:1/vm-1-disk-0.qcow2' })).guest).toMatchObject({ state: 'other', pid, machine: null, disks: [] });
  });
});
