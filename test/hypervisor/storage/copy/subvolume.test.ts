import { execFileSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ferrySnapshots, removeFerrySnapshots } from '../../../../hypervisor/storage/btrfs/ferry-snapshots.js';
import { copySubvolume, type CopySubvolumeInput, type CopySubvolumeResult } from '../../../../hypervisor/storage/copy/btrfs/copy-subvolume.js';
import { BtrfsGo } from '../../../../hypervisor/storage/copy/messages.js';
import { hashTree } from '../../../../hypervisor/storage/copy/tree/hash-tree.js';
import { verifyTree } from '../../../../hypervisor/storage/copy/tree/verify-tree.js';
import { Channel } from '../../../../hypervisor/storage/copy/wire/channel.js';
import type { CopyBench } from '../support/copy-bench.js';
import { makeSparse, MIB } from '../support/images.js';
import { childrenOf } from '../support/processes.js';
import { makeOddTree } from '../support/trees.js';
import { onBtrfs as on, twoSubvolumes, type TwoSubvolumes } from '../support/two-subvolumes.js';

jest.setTimeout(120_000);

const EPOCH = '0a1b2c3d4e5f';
const VOLUME = 'images/101/subvol-101-disk-0.subvol';

let both: TwoSubvolumes;
let bench: CopyBench;
let [source, target] = ['', ''];
beforeEach(async () => {
  both = await twoSubvolumes(VOLUME);
  ({ bench, source, target } = both);
});
afterEach(async () => {
  await both.close();
  expect(childrenOf(process.pid)).toEqual([]);
});

const copy = (pass: 'presync' | 'final', more: Partial<CopySubvolumeInput> = {}): Promise<CopySubvolumeResult> =>
  copySubvolume({ dial: bench.dial, volume: `vol:${VOLUME}`, path: source, short: EPOCH, pass, ...more });

on('all of it, then what changed since, then in its place, writable and the same', async () => {
  await makeOddTree(source);
  await makeSparse(join(source, 'big'), 32 * MIB, [[0, 32 * MIB]]);
  const first = await copy('presync');
  appendFileSync(join(source, 'etc/passwd'), 'new:x:1:1\n');
  rmSync(join(source, 'data/sparse'));
  const last = await copy('final');
  console.log(`btrfs: full ${first.sentBytes} bytes in ${Math.round(first.elapsedMs)} ms, then ${last.sentBytes} bytes in ${Math.round(last.elapsedMs)} ms (sync ${Math.round(last.syncMs)})`);
  expect(first).toMatchObject({ since: null, snapshot: { name: '__ferry_0a1b2c3d4e5f_1__' }, changes: null });
  expect(last).toMatchObject({ since: '__ferry_0a1b2c3d4e5f_1__', snapshot: { name: '__ferry_0a1b2c3d4e5f_2__' }, changes: { paths: expect.arrayContaining(['etc/passwd', 'data/sparse']) as string[] } });
  expect(first.sentBytes).toBeGreaterThan(32 * MIB);
  expect(last.sentBytes).toBeLessThan(MIB);
  await verifyTree({ dial: bench.dial, volume: `vol:${VOLUME}`, dir: source });
  writeFileSync(join(target, 'writable'), '');
  expect(await removeFerrySnapshots(source, EPOCH)).toEqual(['__ferry_0a1b2c3d4e5f_1__', '__ferry_0a1b2c3d4e5f_2__']);
  expect(await removeFerrySnapshots(target, EPOCH)).toHaveLength(2);
  expect(await removeFerrySnapshots(target, EPOCH)).toEqual([]);
  expect(readdirSync(dirname(target))).toEqual(['subvol-101-disk-0.subvol']);
});

on('a second last pass replaces the first one', async () => {
  writeFileSync(join(source, 'a'), '1');
  await copy('final');
  writeFileSync(join(source, 'a'), '2');
  expect((await copy('final')).since).toBe('__ferry_0a1b2c3d4e5f_1__');
  expect(readFileSync(join(target, 'a'), 'utf8')).toBe('2');
});

on('snapshots of other volumes and other migrations are no parents, and stay', async () => {
  execFileSync('btrfs', ['-q', 'subvolume', 'create', join(dirname(source), 'subvol-101-disk-1.subvol')]);
  for (const [from, to] of [['subvol-101-disk-1.subvol', `__ferry_${EPOCH}_7__`], ['subvol-101-disk-0.subvol', '__ferry_ffffffffffff_1__']] as const) {
    execFileSync('btrfs', ['-q', 'subvolume', 'snapshot', '-r', join(dirname(source), from), join(dirname(source), to)]);
  }
  expect(await copy('presync')).toMatchObject({ since: null, snapshot: { name: `__ferry_${EPOCH}_8__` } });
  await removeFerrySnapshots(source, EPOCH);
  expect(existsSync(join(dirname(source), '__ferry_ffffffffffff_1__'))).toBe(true);
});

on('cut in the middle: nothing half-received stays, and the next pass is whole', async () => {
  await makeSparse(join(source, 'big'), 64 * MIB, [[0, 64 * MIB]]);
  let bytes = 0;
  const dial = bench.dialThrough((piece) => {
    bytes += piece.length;
    if (bytes > 20 * MIB) bench.cut();
    return piece;
  });
  await expect(copy('final', { dial })).rejects.toMatchObject({ code: 'TransportFailed' });
  expect(await ferrySnapshots(dirname(source), EPOCH)).toEqual([]);
  expect(existsSync(join(target, 'big'))).toBe(false);
  expect((await copy('final')).since).toBeNull();
  expect((await hashTree(target)).digest).toBe((await hashTree(source)).digest);
  expect(await ferrySnapshots(dirname(target), EPOCH)).toHaveLength(1);
});

on('names that are none, and places that are no guest\'s, are refused', async () => {
  const uuid = '00000000-0000-0000-0000-000000000000';
  for (const opening of [{ snapshot: '../../evil' }, { snapshot: '__ferry_0a1b2c3d4e5f_1__/x' }, { volume: 'vol:images/101/base-101-disk-0.subvol' }]) {
    const channel = new Channel(await bench.dial(), { subject: 'test' });
    await channel.say({ kind: 'btrfs', volume: `vol:${VOLUME}`, pass: 'final', snapshot: '__ferry_0a1b2c3d4e5f_1__', uuid, parents: [], ...opening });
    await expect(channel.hear(BtrfsGo)).rejects.toMatchObject({ name: 'MigrationError' });
    await channel.close();
  }
  expect(existsSync(target)).toBe(true);
});

on('a subvolume inside it is not left out without a word', async () => {
  execFileSync('btrfs', ['-q', 'subvolume', 'create', join(source, 'inner')]);
  await expect(copy('presync')).rejects.toMatchObject({ code: 'StorageUnavailable', message: expect.stringContaining('a subvolume lies inside it') as string });
  expect(await ferrySnapshots(dirname(source), EPOCH)).toEqual([]);
});

on('what is no subvolume is told', async () => {
  mkdirSync(join(dirname(source), 'plain'));
  await expect(copy('presync', { path: join(dirname(source), 'plain') })).rejects.toMatchObject({ code: 'StorageUnavailable', message: expect.stringContaining('is no subvolume') as string });
});
