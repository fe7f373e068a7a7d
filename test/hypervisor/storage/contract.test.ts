import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StorageConfig } from '../../../domain/cluster/storage-config.js';
import { createNodeVolumes } from '../../../hypervisor/storage/node-volumes.js';
import { commonCopyMethod, type CopyMethod, type VolumeStore } from '../../../hypervisor/storage/volume-store.js';
import { mountBtrfs, noBtrfs } from './support/btrfs-mount.js';

jest.setTimeout(60_000);

const MIB = 1024 ** 2;
const KINDS = [
  { type: 'dir', skip: null, raw: 'images/101/vm-101-disk-0.raw', subvolMethod: 'tree' },
  { type: 'btrfs', skip: noBtrfs, raw: 'images/101/vm-101-disk-0/disk.raw', subvolMethod: 'btrfs' },
] as const;

describe.each(KINDS)('$type', ({ type, skip, raw, subvolMethod }) => {
  const on = skip === null ? test : (title: string, _work: () => Promise<void>): void => test.skip(`${title} (SKIP: ${skip})`, () => undefined);
  let dir = '';
  let root = '';
  let unmount = (): void => undefined;
  let store: VolumeStore;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'ferry-contract-'));
    root = join(dir, 'root');
    if (type === 'btrfs' && skip === null) ({ path: root, unmount } = mountBtrfs(dir, 'root'));
    else mkdirSync(root);
    const storage = (id: string, more: Partial<StorageConfig> = {}): StorageConfig =>
      ({ id, type, path: root, content: ['images', 'rootdir'], nodes: null, shared: false, disabled: false, bwlimitKiBps: {}, values: {}, ...more });
    store = createNodeVolumes([storage('s'), storage('off', { disabled: true })], 'pve1');
  });
  afterEach(() => {
    unmount();
    rmSync(dir, { recursive: true });
  });

  on('has PVE\'s paths', async () => {
    expect(store.resolve('s:101/vm-101-disk-0.raw')).toEqual({ path: join(root, raw), format: 'raw', storage: 's' });
    expect(store.resolve('s:101/subvol-101-disk-1.subvol')).toEqual({ path: join(root, 'images/101/subvol-101-disk-1.subvol'), format: 'subvol', storage: 's' });
    expect(store.resolve('s:iso/debian.iso').path).toBe(join(root, 'template/iso/debian.iso'));
    expect(() => store.resolve('s:101/../../x.raw')).toThrow(expect.objectContaining({ code: 'StorageUnavailable' }) as Error);
    expect(() => store.resolve('off:101/vm-101-disk-0.raw')).toThrow(/disabled/);
    expect(await store.exists('s:101/vm-101-disk-0.raw')).toBe(false);
  });

  on('frees a directory with whatever is in it', async () => {
    const { path } = await store.createExactly('s:101/subvol-101-disk-0.subvol', 'subvol', 0);
    mkdirSync(join(path, 'a/b'), { recursive: true });
    if (type === 'btrfs') for (const inner of ['a/inner', 'a/inner/most']) execFileSync('btrfs', ['-q', 'subvolume', 'create', join(path, inner)]);
    await store.free('s:101/subvol-101-disk-0.subvol');
    expect(readdirSync(join(root, 'images'))).toEqual([]);
  });

  on('counts names on, whatever kind they are of', async () => {
    expect(await store.nextFreeName('s', 101, 'raw')).toBe('s:101/vm-101-disk-0.raw');
    await store.createExactly('s:101/vm-101-disk-0.raw', 'raw', MIB);
    expect(await store.nextFreeName('s', 101, 'subvol')).toBe('s:101/subvol-101-disk-1.subvol');
    await store.createExactly('s:101/subvol-101-disk-1.subvol', 'subvol', 0);
    expect((await store.create({ storage: 's', vmid: 101, format: 'raw', sizeBytes: MIB })).volid).toBe('s:101/vm-101-disk-2.raw');
  });

  on('creates an image exactly, and finds it the second time', async () => {
    const volid = 's:101/vm-101-disk-0.raw';
    const made = await store.createExactly(volid, 'raw', 8 * MIB);
    expect(statSync(made.path)).toMatchObject({ size: 8 * MIB });
    expect(await store.createExactly(volid, 'raw', 8 * MIB)).toEqual(made);
    await expect(store.createExactly(volid, 'raw', 9 * MIB)).rejects.toThrow(/exists with 8388608 bytes, not 9437184/);
    await expect(store.createExactly(volid, 'subvol', 0)).rejects.toThrow(/no name for format subvol/);
    expect(await store.exists(volid)).toBe(true);
  });

  on('creates a container\'s directory exactly, and keeps what is in it', async () => {
    const volid = 's:101/subvol-101-disk-0.subvol';
    const { path } = await store.createExactly(volid, 'subvol', 0);
    expect(statSync(path).mode & 0o7777).toBe(0o755);
    writeFileSync(join(path, 'kept'), '');
    await store.createExactly(volid, 'subvol', 0);
    expect(readdirSync(path)).toEqual(['kept']);
    expect(store.copyMethod(volid)).toBe(subvolMethod);
    expect(store.copyMethod('s:101/vm-101-disk-0.raw')).toBe('blocks');
  });

  on('lists a guest\'s volumes and nobody else\'s', async () => {
    await store.createExactly('s:101/vm-101-disk-0.raw', 'raw', MIB);
    await store.createExactly('s:101/subvol-101-disk-1.subvol', 'subvol', 0);
    await store.createExactly('s:102/vm-102-disk-0.raw', 'raw', MIB);
    writeFileSync(join(root, 'images/101/notes.txt'), '');
    mkdirSync(join(root, 'images/101/__ferry_0a1b2c3d_1__'));
    expect((await store.list('s', 101)).map(({ volid, format, sizeBytes }) => [volid, format, sizeBytes])).toEqual([
      ['s:101/subvol-101-disk-1.subvol', 'subvol', null], ['s:101/vm-101-disk-0.raw', 'raw', MIB],
    ]);
    expect(await store.list('s', 103)).toEqual([]);
  });

  on('frees a volume with all that is in it, and the empty folder; again is no error', async () => {
    const [image, tree] = ['s:101/vm-101-disk-0.raw', 's:101/subvol-101-disk-1.subvol'];
    await store.createExactly(image, 'raw', MIB);
    const { path } = await store.createExactly(tree, 'subvol', 0);
    mkdirSync(join(path, 'a/b'), { recursive: true });
    await store.free(image);
    expect([await store.exists(image), await store.exists(tree)]).toEqual([false, true]);
    await store.free(tree);
    await store.free(tree);
    expect(readdirSync(join(root, 'images'))).toEqual([]);
    await expect(store.free('s:100/base-100-disk-0.raw')).rejects.toThrow(/not a guest's own volume/);
  });

  on('tells the room there is', async () => {
    expect(await store.stat('s')).toMatchObject({ id: 's', active: true });
    expect(await store.stat('off')).toEqual({ id: 'off', active: false, availableBytes: 0, totalBytes: 0 });
  });
});

test.each<[CopyMethod, CopyMethod, CopyMethod]>([['blocks', 'blocks', 'blocks'], ['tree', 'btrfs', 'tree'], ['btrfs', 'tree', 'tree'], ['btrfs', 'btrfs', 'btrfs']])(
  '%s and %s can do %s', (source, target, both) => expect(commonCopyMethod(source, target)).toBe(both));
