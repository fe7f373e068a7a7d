import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StorageConfig } from '../../../domain/cluster/storage-config.js';
import { runOk } from '../../../hypervisor/exec.js';
import { createDirStorage } from '../../../hypervisor/storage/dir-storage.js';
import { imageInfo } from '../../../hypervisor/storage/image-info.js';
import type { VolumeStore } from '../../../hypervisor/storage/volume-store.js';
import { startBareQemu } from '../support/bare-qemu.js';
import { QmpClient } from '../../../hypervisor/qemu/qmp/client.js';

jest.setTimeout(60_000);

const MIB = 1024 ** 2;
let folder: string;
let store: VolumeStore;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'store-'));
  const storage = (id: string, more: Partial<StorageConfig> = {}): StorageConfig =>
    ({ id, type: 'dir', path: folder, content: ['images'], nodes: null, shared: false, disabled: false, bwlimitKiBps: {}, values: {}, ...more });
  store = createDirStorage([
    storage('local'), storage('other', { nodes: ['pve2'] }), storage('off', { disabled: true }), storage('thin', { type: 'lvmthin', path: null }),
    storage('away', { path: join(folder, 'not-mounted') }),
  ], 'pve1');
});
afterEach(async () => { await rm(folder, { recursive: true, force: true }); });

describe('resolve', () => {
  it.each([
    ['local:101/vm-101-disk-0.qcow2', 'images/101/vm-101-disk-0.qcow2', 'qcow2'],
    ['local:101/vm-101-disk-1.raw', 'images/101/vm-101-disk-1.raw', 'raw'],
    ['local:100/base-100-disk-0.qcow2/101/vm-101-disk-0.qcow2', 'images/101/vm-101-disk-0.qcow2', 'qcow2'],
    ['local:iso/debian-12.iso', 'template/iso/debian-12.iso', 'raw'],
  ])('finds %s', (volid, path, format) => {
    expect(store.resolve(volid)).toEqual({ path: join(folder, path), format, storage: 'local' });
  });

  it.each([
    ['local:101/../../../etc/passwd.raw'], ['local:../x/vm-1-disk-0.raw'], ['local:iso/../../x'], ['local:iso/.hidden'], ['local:/etc/passwd'],
    ['local:101/..raw'], ['local:101/vm-101-disk-0.raw\n'], ['local:101/a b.raw'], ['local:'], ['local'], [''],
  ])('refuses %j', (volid) => {
    expect(() => store.resolve(volid)).toThrow(expect.objectContaining({ code: 'StorageUnavailable' }) as Error);
  });

  it.each([
    ['none', /does not exist/], ['other', /not available on node pve1/], ['off', /disabled/], ['thin', /type lvmthin is not supported/],
  ])('says why storage %s can not be used', (id, message) => {
    expect(() => store.resolve(`${id}:101/vm-101-disk-0.raw`)).toThrow(message);
  });
});

describe('create', () => {
  it('makes an image of the size under the first free name, in both formats', async () => {
    await mkdir(join(folder, 'images', '101'), { recursive: true });
    await writeFile(join(folder, 'images', '101', 'vm-101-disk-0.raw'), '');
    const first = await store.create({ storage: 'local', vmid: 101, format: 'qcow2', sizeBytes: 8 * MIB });
    const second = await store.create({ storage: 'local', vmid: 101, format: 'raw', sizeBytes: 4 * MIB });
    expect([first.volid, second.volid]).toEqual(['local:101/vm-101-disk-1.qcow2', 'local:101/vm-101-disk-2.raw']);
    expect(await imageInfo(first.path, 'qcow2')).toMatchObject({ format: 'qcow2', virtualSizeBytes: 8 * MIB });
    const sparse = await imageInfo(second.path, 'raw');
    expect(sparse.virtualSizeBytes).toBe(4 * MIB);
    expect(sparse.allocatedBytes).toBeLessThan(MIB);
  });

  it('gives every one of many creators at the same time a volume of its own', async () => {
    const made = await Promise.all([...Array(6).keys()].map(() => store.create({ storage: 'local', vmid: 102, format: 'raw', sizeBytes: MIB })));
    expect(new Set(made.map((volume) => volume.volid)).size).toBe(6);
    expect(await readdir(join(folder, 'images', '102'))).toHaveLength(6);
  });

  it('creates an exact volume once, and finds it the second time', async () => {
    const volid = await store.nextFreeName('local', 103, 'qcow2');
    expect(volid).toBe('local:103/vm-103-disk-0.qcow2');
    const made = await store.createExactly(volid, 'qcow2', 8 * MIB);
    expect(await store.createExactly(volid, 'qcow2', 8 * MIB)).toEqual(made);
    await expect(store.createExactly(volid, 'qcow2', 9 * MIB)).rejects.toThrow(/exists with 8388608 bytes, not 9437184/);
    await expect(store.createExactly(volid, 'raw', 8 * MIB)).rejects.toThrow(/no name for format raw/);
  });

  it('reports what qemu-img says, and leaves nothing half-made', async () => {
    await expect(store.create({ storage: 'local', vmid: 104, format: 'qcow2', sizeBytes: 2 ** 63 })).rejects.toMatchObject({ code: 'StorageUnavailable' });
    expect(await readdir(join(folder, 'images', '104'))).toEqual([]);
  });
});

describe('free', () => {
  it('removes the volume, drafts a crash left, and the empty folder; and again is no error', async () => {
    const { volid, path } = await store.create({ storage: 'local', vmid: 101, format: 'raw', sizeBytes: MIB });
    await writeFile(join(folder, 'images', '101', '.vm-101-disk-0.raw.draft-x'), '');
    await store.free(volid);
    expect(existsSync(path)).toBe(false);
    expect(existsSync(join(folder, 'images', '101'))).toBe(false);
    await store.free(volid);
  });

  it('leaves other volumes of the guest', async () => {
    const [a, b] = [await store.create({ storage: 'local', vmid: 101, format: 'raw', sizeBytes: MIB }), await store.create({ storage: 'local', vmid: 101, format: 'raw', sizeBytes: MIB })];
    await store.free(a.volid);
    expect(existsSync(b.path)).toBe(true);
  });

  it.each([['local:iso/debian.iso'], ['local:100/base-100-disk-0.qcow2'], ['local:101/../vm-1-disk-0.raw']])('refuses %s', async (volid) => {
    await expect(store.free(volid)).rejects.toMatchObject({ code: 'StorageUnavailable' });
  });
});

describe('stat', () => {
  it('tells the room there is', async () => {
    const facts = await store.stat('local');
    expect(facts).toMatchObject({ id: 'local', active: true });
    expect(facts.availableBytes).toBeGreaterThan(0);
    expect(facts.totalBytes).toBeGreaterThanOrEqual(facts.availableBytes);
  });

  it.each(['away', 'other', 'off', 'nowhere'])('says that %s is not active here', async (id) => {
    expect(await store.stat(id)).toEqual({ id, active: false, availableBytes: 0, totalBytes: 0 });
  });
});

describe('imageInfo', () => {
  it('tells snapshots and backing file', async () => {
    const base = await store.create({ storage: 'local', vmid: 101, format: 'qcow2', sizeBytes: MIB });
    await runOk('qemu-img', ['snapshot', '-c', 'before', base.path]);
    const top = join(folder, 'top.qcow2');
    await runOk('qemu-img', ['create', '-q', '-f', 'qcow2', '-b', base.path, '-F', 'qcow2', top]);
    expect((await imageInfo(base.path, 'qcow2')).snapshots).toEqual(['before']);
    expect(await imageInfo(top, 'qcow2')).toMatchObject({ backingFile: base.path, snapshots: [] });
  });

  it('does not wait for, or fail on, a QEMU that has the image open', async () => {
    const { path } = await store.create({ storage: 'local', vmid: 101, format: 'qcow2', sizeBytes: MIB });
    const qemu = startBareQemu(folder, ['-S', '-blockdev', `driver=qcow2,node-name=d,file.driver=file,file.filename=${path}`, '-device', 'virtio-blk-pci,drive=d']);
    const client = await QmpClient.connect(qemu.qmpPath, { timeoutMs: 10_000 });
    expect((await imageInfo(path, 'qcow2')).virtualSizeBytes).toBe(MIB);
    client.close();
    await qemu.kill();
  });

  it('takes a raw disk for raw, also when the guest wrote another format\'s header into it', async () => {
    const { path } = await store.create({ storage: 'local', vmid: 101, format: 'qcow2', sizeBytes: 64 * MIB });
    expect((await imageInfo(path, 'raw')).virtualSizeBytes).toBeLessThan(MIB);
  });

  it('names the image that is not there', async () => {
    await expect(imageInfo(join(folder, 'none.raw'), 'raw')).rejects.toThrow(/none\.raw: .*ENOENT/);
    await expect(imageInfo(join(folder, 'none.qcow2'), 'qcow2')).rejects.toThrow(/none\.qcow2.*No such file/);
  });
});
