import { execFileSync } from 'node:child_process';
import { appendFileSync, chmodSync, linkSync, mkdirSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { TreeCheck } from '../../../../hypervisor/cold/tree-check.js';
import { copySubvolume, type CopySubvolumeResult } from '../../../../hypervisor/storage/copy/btrfs/copy-subvolume.js';
import type { CopyBench } from '../support/copy-bench.js';
import { makeOddTree } from '../support/trees.js';
import { onBtrfs as on, twoSubvolumes, type TwoSubvolumes } from '../support/two-subvolumes.js';

jest.setTimeout(120_000);

const SHORT = '0a1b2c3d4e5f';
const VOLUME = 'images/201/subvol-201-disk-0.subvol';
const never = new AbortController().signal;

let both: TwoSubvolumes;
let bench: CopyBench;
let source = '';
let asked: string[];
let check: TreeCheck;
beforeEach(async () => {
  both = await twoSubvolumes(VOLUME);
  ({ bench, source } = both);
  asked = [];
  if (source === '') return;
  check = new TreeCheck({ volid: `vol:${VOLUME}`, dir: source, file: bench.path('received.json') });
  await makeOddTree(source);
});
afterEach(() => both.close());

const copy = (pass: 'presync' | 'final'): Promise<CopySubvolumeResult> =>
  copySubvolume({ dial: bench.dial, volume: `vol:${VOLUME}`, path: source, short: SHORT, pass });
/** What the source asks for while the tree is sealed. */
const listening = (): Promise<Duplex> => bench.dialThrough((bytes) => {
  asked.push(bytes.toString('latin1'));
  return bytes;
})();

async function presynced(): Promise<void> {
  const { snapshot } = await copy('presync');
  await check.prepare(bench.dial, never, { dir: snapshot.path, snapshot: snapshot.name });
}

async function sealed(): Promise<CopySubvolumeResult> {
  const last = await copy('final');
  await check.seal(listening, last.changes, never);
  return last;
}

on('everything that can happen to a tree between two passes: read again by name, and proved the same', async () => {
  for (let n = 0; n < 30; n += 1) writeFileSync(join(source, `data/deep/f${n}`), `${n}`);
  await presynced();
  appendFileSync(join(source, 'etc/passwd'), 'new:x:1:1\n');
  renameSync(join(source, 'data/deep'), join(source, 'data/renamed'));
  mkdirSync(join(source, 'data/deep'));
  renameSync(join(source, 'data/renamed/f1'), join(source, 'data/deep/f2'));
  writeFileSync(join(source, 'data/deep/other'), 'x');
  rmSync(join(source, 'data/renamed/f3'));
  rmSync(join(source, 'empty'), { recursive: true });
  linkSync(join(source, 'data/renamed/f4'), join(source, 'etc/f4'));
  chmodSync(join(source, 'data/renamed/f5'), 0o600);
  utimesSync(join(source, 'data/renamed/f6'), 1_600_000_000.5, 1_600_000_000.5);
  execFileSync('setfattr', ['-n', 'user.late', '-v', 'yes', join(source, 'data/renamed/f7')]);
  execFileSync('mv', [join(source, 'etc/shadow'), join(source, 'etc/shadow-')]);
  writeFileSync(join(source, 'etc/shadow'), 'a new one');
  const { changes } = await sealed();
  expect(changes).not.toBeNull();
  expect(asked.join()).toContain('"paths"');
  await check.verify();
});

on('nothing happened: nothing is read again', async () => {
  await presynced();
  await sealed();
  await check.verify();
});

on('a file that was written behind the file system\'s back on the target is found, and named', async () => {
  await presynced();
  appendFileSync(join(source, 'etc/passwd'), 'one\n');
  await sealed();
  appendFileSync(join(source, 'etc/passwd'), 'two, not sent\n');
  await expect(check.verify()).rejects.toMatchObject({ code: 'VolumeDiffers', message: expect.stringContaining('etc/passwd') as string });
});

on('sent at once: the whole tree is read on both nodes', async () => {
  await sealed();
  expect(asked.join()).not.toContain('"paths"');
  await check.verify();
});
