import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { StorageConfig } from '../../../domain/cluster/storage-config.js';
import type { NodeSurvey } from '../../../domain/contracts/evacuation.js';
import { surveyNode, type SurveyInput } from '../../../hypervisor/node/survey.js';
import { startQemu } from '../../../hypervisor/qemu/process/start.js';
import { stopQemu } from '../../../hypervisor/qemu/process/stop.js';
import { makeNode, type NodeFixture } from '../support/node-fixture.js';

const VMID = 990_013;
const GIB = 1024 ** 3;
let node: NodeFixture;
beforeEach(async () => { node = await makeNode(); });
afterEach(async () => {
  await stopQemu(VMID, node.paths, { graceMs: 0 });
  await node.remove();
});

const survey = (given: Partial<SurveyInput> = {}): Promise<NodeSurvey> => {
  const storage = (id: string, rest: Partial<StorageConfig> = {}): StorageConfig => ({ id, type: 'dir', path: node.folder, content: ['images'], nodes: null, shared: false, disabled: false, bwlimitKiBps: {}, values: {}, ...rest });
  return surveyNode({
    node: 'pve1', containers: [], unsized: [], probeDirtyRates: false, isMigrationAddress: () => false, memoryForGuests: null, binaries: { qemu: 'qemu-system-x86_64', qemuImg: 'qemu-img' },
    paths: { ...node.paths, runDir: node.folder, lxcPath: node.folder, lxcRunDir: node.folder },
    storages: [storage('local'), storage('nas', { shared: true }), storage('gone', { path: '/no/such/folder' }), storage('off', { disabled: true }), storage('elsewhere', { nodes: ['pve2'] })], ...given,
  });
};

describe('surveyNode', () => {
  it('tells what the node has to give, and which storages can be used here', async () => {
    const { room, running, dirtyBytesPerSecond } = await survey();
    expect({ running, dirtyBytesPerSecond }).toEqual({ running: [], dirtyBytesPerSecond: {} });
    expect(room).toMatchObject({ node: 'pve1', online: true, cordoned: false, linkBytesPerSecond: null, qemuVersion: expect.stringMatching(/^\d/) as string });
    expect(room.memoryAvailableBytes).toBeLessThan(room.memoryTotalBytes);
    expect(room.bridges).toContain(node.bridge);
    expect(room.storages).toEqual([
      { storage: 'local', availableBytes: expect.any(Number) as number, totalBytes: expect.any(Number) as number, holds: ['images'] },
      { storage: 'nas', availableBytes: expect.any(Number) as number, totalBytes: expect.any(Number) as number },
    ]);
  });

  it('counts what configs grant where the node gives guests so much and no more', async () => {
    const { room } = await survey({ memoryForGuests: () => ({ totalBytes: GIB / 4, takenBytes: GIB / 8 }) });
    expect([room.memoryTotalBytes, room.memoryAvailableBytes]).toEqual([GIB / 4, GIB / 8]);
    const full = await survey({ memoryForGuests: () => ({ totalBytes: GIB / 4, takenBytes: GIB }) });
    expect(full.room.memoryAvailableBytes).toBe(0);
  });

  it('measures images of which no config says how large they are', async () => {
    const images = join(node.folder, 'images/101');
    mkdirSync(join(images, 'subvol-101-disk-2.subvol'), { recursive: true });
    await promisify(execFile)('qemu-img', ['create', '-q', '-f', 'qcow2', join(images, 'vm-101-disk-0.qcow2'), '3M']);
    writeFileSync(join(images, 'vm-101-disk-1.raw'), Buffer.alloc(4096));
    const volid = (name: string): string => `local:101/${name}`;
    const { volumeBytes } = await survey({ unsized: ['vm-101-disk-0.qcow2', 'vm-101-disk-1.raw', 'subvol-101-disk-2.subvol', 'vm-101-disk-9.raw'].map(volid) });
    expect(volumeBytes).toEqual({ [volid('vm-101-disk-0.qcow2')]: 3 * 1024 ** 2, [volid('vm-101-disk-1.raw')]: 4096 });
  });

  it('watches how fast a VM that runs rewrites its memory', async () => {
    await startQemu({ vmid: VMID, argv: node.argv(VMID, { memory: '64' }), taps: [], paths: node.paths });
    await node.ask(VMID, (monitor) => monitor.cont());
    const { running, dirtyBytesPerSecond } = await survey({ probeDirtyRates: true });
    expect(running).toEqual([VMID]);
    expect(dirtyBytesPerSecond).toEqual({ [VMID]: expect.any(Number) as number });
  });

  it('has nothing to say of the memory of a VM that does not answer', async () => {
    const { pid } = await startQemu({ vmid: VMID, argv: node.argv(VMID, { memory: '64' }), taps: [], paths: node.paths });
    process.kill(pid, 'SIGSTOP');
    expect(await survey({ probeDirtyRates: true })).toMatchObject({ running: [VMID], dirtyBytesPerSecond: {} });
  });
});
