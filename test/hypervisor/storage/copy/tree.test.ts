import { execFileSync } from 'node:child_process';
import { appendFileSync, chmodSync, mkdirSync, readdirSync, renameSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Channel } from '../../../../hypervisor/storage/copy/wire/channel.js';
import { createLimiter } from '../../../../hypervisor/storage/copy/limiter.js';
import { Go } from '../../../../hypervisor/storage/copy/messages.js';
import { copyTree, type CopyTreeInput, type CopyTreeResult } from '../../../../hypervisor/storage/copy/tree/copy-tree.js';
import { hashTree } from '../../../../hypervisor/storage/copy/tree/hash-tree.js';
import { compareManifests } from '../../../../hypervisor/storage/copy/tree/manifest.js';
import { verifyTree } from '../../../../hypervisor/storage/copy/tree/verify-tree.js';
import { CopyBench } from '../support/copy-bench.js';
import { allocatedBytes, makeSparse, MIB } from '../support/images.js';
import { childrenOf } from '../support/processes.js';
import { makeManyFiles, makeOddTree } from '../support/trees.js';

jest.setTimeout(60_000);

let bench: CopyBench;
let [source, target] = ['', ''];
beforeEach(async () => {
  bench = new CopyBench();
  await bench.serve();
  [source, target] = [bench.path('source'), bench.path('target')];
  for (const dir of [source, target]) mkdirSync(dir);
});
afterEach(async () => {
  await bench.close();
  expect(childrenOf(process.pid)).toEqual([]);
});

const copy = (pass: 'presync' | 'final', more: Partial<CopyTreeInput> = {}): Promise<CopyTreeResult> =>
  copyTree({ dial: bench.dial, volume: 'vol:target', dir: source, runDir: bench.path('run'), pass, ...more });

test('everything a container\'s tree may hold arrives as it is, and nothing is left behind', async () => {
  await makeOddTree(source);
  writeFileSync(join(target, 'stranger'), 'is deleted');
  const result = await copy('final');
  const [ours, theirs] = [await hashTree(source), await hashTree(target)];
  expect(ours.withXattrs).toBe(true);
  expect(compareManifests(ours, theirs)).toEqual([]);
  expect(theirs.digest).toBe(ours.digest);
  expect(ours.entries.get('dev/socket')?.type).toBe('socket');
  expect(theirs.entries.get('etc/passwd')?.xattrs).toContain('user.ferry');
  expect(await allocatedBytes(join(target, 'data/sparse'))).toBeLessThan(MIB);
  expect(result).toMatchObject({ complete: true, transferredFiles: 6 });
  expect(result.files).toBe(ours.entries.size);
  expect(result.changedPaths).toEqual(expect.arrayContaining(['stranger', 'data/nämé with\nbreak \\ and space', 'etc/']));
  expect(readdirSync(bench.path('run'))).toEqual([]);
  await verifyTree({ dial: bench.dial, volume: 'vol:target', dir: source });
});

test('presync, changes, final: only the changes travel, and the trees are the same', async () => {
  makeManyFiles(source, 400, 4 * MIB);
  await copy('presync');
  appendFileSync(join(source, 'd0/f1'), 'more');
  chmodSync(join(source, 'd0/f2'), 0o600);
  unlinkSync(join(source, 'd1/f41'));
  renameSync(join(source, 'd2'), join(source, 'moved'));
  writeFileSync(join(source, 'new'), 'new');
  execFileSync('touch', ['-d', '2001-02-03', join(source, 'd3/f121')]);
  const { changedPaths, sentBytes, transferredFiles } = await copy('final');
  expect((await hashTree(target)).digest).toBe((await hashTree(source)).digest);
  expect(changedPaths).toEqual(expect.arrayContaining(['d0/f1', 'd0/f2', 'd1/f41', 'moved/f80', 'd2/', 'new', 'd3/f121']));
  expect(changedPaths).not.toContain('d0/f3');
  expect(transferredFiles).toBeLessThan(50);
  expect(sentBytes).toBeLessThan(MIB);
});

test.each([[23], [24]])('rsync\'s exit %d: good enough while a container runs, not at the end', async (exitCode) => {
  writeFileSync(join(source, 'a'), 'a');
  const rsync = bench.path('rsync');
  writeFileSync(rsync, `#!/bin/sh\nrsync "$@"; echo "file has vanished" >&2; exit ${exitCode}\n`, { mode: 0o755 });
  expect(await copy('presync', { rsync })).toMatchObject({ complete: false });
  await expect(copy('final', { rsync })).rejects.toMatchObject({ code: 'StorageUnavailable', message: `copy tree failed: vol:target: rsync: file has vanished (exit ${exitCode})` });
});

test('what rsync says is told: here, and on the target', async () => {
  await expect(copy('final', { dir: bench.path('nowhere') })).rejects.toMatchObject({ message: expect.stringMatching(/vol:target: rsync: .*No such file/) as string });
  await expect(copy('final', { volume: 'vol:none' })).rejects.toMatchObject({ code: 'StorageUnavailable', message: expect.stringMatching(/open volume failed: vol:none: .*ENOENT/) as string });
});

describe('confined to the volume', () => {
  const GOOD = ['--server', '-lHogDtpAXrSe.iLsfxCIvu', '--delete', '.', '.'];
  test.each([
    ['another place', [...GOOD.slice(0, -1), '/etc']],
    ['reading instead of writing', ['--server', '--sender', ...GOOD.slice(1)]],
    ['a log file', [...GOOD.slice(0, 2), '--log-file=/etc/cron.d/x', '.', '.']],
    ['writing to devices', [...GOOD.slice(0, 2), '--write-devices', '.', '.']],
    ['a directory for what is replaced', [...GOOD.slice(0, 2), '--backup-dir=/etc', '.', '.']],
    ['a daemon', ['--daemon', '.', '.']],
    ['links followed', ['--server', '-lHogDtpAXrKe.iLsfxCIvu', '.', '.']],
    ['no arguments', []],
  ])('refuses %s', async (_, args) => {
    const channel = new Channel(await bench.dial(), { subject: 'test' });
    await channel.say({ kind: 'tree', volume: 'vol:target', pass: 'final', args });
    await expect(channel.hear(Go)).rejects.toMatchObject({ code: 'TransportFailed', message: expect.stringContaining('something else than a pass') as string });
    await channel.close();
  });

  test('refuses a path, garbage, and a volume that is a link', async () => {
    for (const opening of [{ kind: 'tree', volume: 'vol:target', pass: 'final', args: GOOD, path: '/etc' }, { kind: 'shell', args: ['id'] }, {}]) {
      const channel = new Channel(await bench.dial(), { subject: 'test' });
      await channel.say(opening);
      await expect(channel.hear(Go)).rejects.toMatchObject({ code: 'TransportFailed' });
      await channel.close();
    }
    symlinkSync(bench.path('elsewhere'), bench.path('link'));
    mkdirSync(bench.path('elsewhere'));
    await expect(copy('final', { volume: 'vol:link' })).rejects.toMatchObject({ code: 'StorageUnavailable', message: 'open volume failed: vol:link: it is no directory' });
  });
});

test('a pass ends the one before it: of two attempts only the later one writes', async () => {
  await makeSparse(join(source, 'big'), 48 * MIB, [[0, 48 * MIB]]);
  const given = copy('presync', { limiter: createLimiter(MIB) });
  given.catch(() => undefined);
  while (readdirSync(target).length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
  await copy('final');
  await expect(given).rejects.toMatchObject({ code: 'TransportFailed' });
  expect((await hashTree(target)).digest).toBe((await hashTree(source)).digest);
});

test('cut or cancelled in the middle: told, no process left, and the next pass completes it', async () => {
  await makeSparse(join(source, 'big'), 48 * MIB, [[0, 48 * MIB]]);
  const limiter = createLimiter(8 * MIB);
  let bytes = 0;
  const whenMoving = (act: () => void): CopyTreeInput['dial'] => {
    bytes = 0;
    return bench.dialThrough((piece) => {
      bytes += piece.length;
      if (bytes > 2 * MIB) act();
      return piece;
    });
  };
  await expect(copy('presync', { limiter, dial: whenMoving(() => bench.cut()) })).rejects.toMatchObject({ code: 'TransportFailed' });
  const abort = new AbortController();
  await expect(copy('presync', { limiter, signal: abort.signal, dial: whenMoving(() => abort.abort()) })).rejects.toMatchObject({ code: 'Cancelled' });
  await copy('final');
  await verifyTree({ dial: bench.dial, volume: 'vol:target', dir: source });
});

test('the limit holds', async () => {
  await makeSparse(join(source, 'big'), 32 * MIB, [[0, 32 * MIB]]);
  const { elapsedMs } = await copy('presync', { limiter: createLimiter(16 * MIB) });
  console.log(`tree limited to 16 MiB/s: ${(32 / (elapsedMs / 1000)).toFixed(1)} MiB/s`);
  expect(elapsedMs).toBeGreaterThan(1900);
});

describe('verification', () => {
  beforeEach(async () => {
    await makeOddTree(source);
    await copy('final');
  });

  test.each([
    ['content of the same size and time', (t: string) => execFileSync('sh', ['-c', 'm=$(stat -c %y "$1"); printf rooT:x:0:0 > "$1"; printf "\\n" >> "$1"; touch -d "$m" "$1"', 'sh', join(t, 'etc/passwd')]), 'data/deep/er/hard (content)'],
    ['mode', (t: string) => chmodSync(join(t, 'etc/shadow'), 0o644), 'etc/shadow (mode)'],
    ['owner', (t: string) => execFileSync('chown', ['7', join(t, 'etc/shadow')]), 'etc/shadow (owner)'],
    ['time', (t: string) => execFileSync('touch', ['-d', '2020-01-01', join(t, 'empty')]), 'empty (mtime)'],
    ['a link', (t: string) => execFileSync('sh', ['-c', 'm=$(stat -c %y "$1"); d=$(stat -c %y "$2"); ln -sfn ../etc/shadow "$1"; touch -h -d "$m" "$1"; touch -d "$d" "$2"', 'sh', join(t, 'data/soft'), join(t, 'data')]), 'data/soft (link target)'],
    ['an attribute', (t: string) => execFileSync('setfattr', ['-n', 'user.ferry', '-v', 'lost', join(t, 'etc/passwd')]), 'data/deep/er/hard (xattrs)'],
    ['a file too many', (t: string) => execFileSync('sh', ['-c', 'd=$(stat -c %y "$1"); : > "$1/x"; touch -d "$d" "$1"', 'sh', join(t, 'empty')]), 'empty/x (extra)'],
    ['a file too few', (t: string) => execFileSync('sh', ['-c', 'd=$(stat -c %y "$1"); rm "$1/fifo"; touch -d "$d" "$1"', 'sh', join(t, 'dev')]), 'dev/fifo (missing)'],
  ])('finds %s', async (_, change, named) => {
    change(target);
    await expect(verifyTree({ dial: bench.dial, volume: 'vol:target', dir: source })).rejects.toMatchObject({ code: 'VolumeDiffers', message: expect.stringContaining(`on the target: ${named}`) as string });
  });

  test('reads again only what was touched', async () => {
    const first = await verifyTree({ dial: bench.dial, volume: 'vol:target', dir: source });
    expect(first.reusedBytes).toBe(0);
    writeFileSync(join(source, 'etc/shadow'), 'SECRET');
    await copy('final');
    const second = await verifyTree({ dial: bench.dial, volume: 'vol:target', dir: source, previous: first });
    expect(second).toMatchObject({ readBytes: 6, reusedBytes: first.readBytes - 6 });
    expect(second.digest).not.toBe(first.digest);
  });
});

test('7 400 files, 300 MB: figures', async () => {
  makeManyFiles(source, 7400, 500 * 1000 * 1000);
  const first = await copy('presync');
  writeFileSync(join(source, 'd7/f281'), 'changed');
  const last = await copy('final');
  const manifest = await hashTree(source);
  const again = await hashTree(source, { previous: manifest });
  await verifyTree({ dial: bench.dial, volume: 'vol:target', dir: source, previous: manifest });
  console.log(`${manifest.files} files, ${Math.round(manifest.readBytes / 1e6)} MB: presync ${Math.round(first.elapsedMs)} ms (sync ${Math.round(first.syncMs)}), final ${Math.round(last.elapsedMs)} ms (sync ${Math.round(last.syncMs)}), manifest ${Math.round(manifest.elapsedMs)} ms, again ${Math.round(again.elapsedMs)} ms`);
  expect(last).toMatchObject({ transferredFiles: 1, complete: true });
  expect(again).toMatchObject({ readBytes: 0, digest: manifest.digest });
});
