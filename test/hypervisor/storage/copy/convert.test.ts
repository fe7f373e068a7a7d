import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { connect } from 'node:net';
import { convertVolume, type ConvertVolumeInput, type ConvertVolumeResult } from '../../../../hypervisor/storage/copy/convert/convert-volume.js';
import { imageInfo } from '../../../../hypervisor/storage/image-info.js';
import { startChild } from '../../child.js';
import { CopyBench } from '../support/copy-bench.js';
import { allocatedBytes, makeSparse, MIB } from '../support/images.js';
import { childrenOf } from '../support/processes.js';

jest.setTimeout(120_000);

let bench: CopyBench;
beforeEach(async () => {
  bench = new CopyBench();
  await bench.serve({ runDir: bench.path('target-run') });
});
afterEach(async () => {
  await bench.close();
  expect(childrenOf(process.pid)).toEqual([]);
});

const img = (...args: readonly string[]): string => execFileSync('qemu-img', args, { encoding: 'utf8' });
const convert = (format: 'raw' | 'qcow2', targetFormat: 'raw' | 'qcow2', more: Partial<ConvertVolumeInput> = {}): Promise<ConvertVolumeResult> =>
  convertVolume({ dial: bench.dial, volume: 'vol:target', path: bench.path('source'), format, targetFormat, runDir: bench.path('run'), ...more });

async function makeSource(format: 'raw' | 'qcow2'): Promise<void> {
  await makeSparse(bench.path('raw'), 512 * MIB, [[0, 8 * MIB], [300 * MIB, 40 * MIB]]);
  img('convert', '-f', 'raw', '-O', format, bench.path('raw'), bench.path('source'));
}

test.each([['raw', 'qcow2'], ['qcow2', 'raw']] as const)('%s to %s: what the guest sees is the same, holes stay holes', async (from, to) => {
  await makeSource(from);
  img('create', '-q', '-f', to, bench.path('target'), '512M');
  const seen: number[] = [];
  const result = await convert(from, to, { onProgress: ({ doneBytes }) => seen.push(doneBytes) });
  console.log(`${from} to ${to}: ${Math.round(result.elapsedMs)} ms, of it compared in ${Math.round(result.compareMs)} ms, synced in ${Math.round(result.syncMs)}`);
  expect(img('compare', '-f', 'raw', '-F', to, bench.path('raw'), bench.path('target'))).toContain('identical');
  expect(await imageInfo(bench.path('target'), to)).toMatchObject({ virtualSizeBytes: 512 * MIB });
  expect(await allocatedBytes(bench.path('target'))).toBeLessThan(56 * MIB);
  expect(result.sentBytes).toBeGreaterThan(48 * MIB);
  expect(result.sentBytes).toBeLessThan(56 * MIB);
  expect(seen.at(-1)).toBe(512 * MIB);
  for (const run of ['run', 'target-run']) expect(readdirSync(bench.path(run))).toEqual([]);
});

test('a target that an earlier try wrote to is made anew', async () => {
  await makeSource('raw');
  img('create', '-q', '-f', 'qcow2', bench.path('target'), '512M');
  execFileSync('qemu-io', ['-f', 'qcow2', '-c', 'write -P 9 100M 5M', bench.path('target')], { stdio: 'ignore' });
  await convert('raw', 'qcow2');
  expect(img('compare', '-f', 'raw', '-F', 'qcow2', bench.path('raw'), bench.path('target'))).toContain('identical');
});

test('snapshots are not lost in silence', async () => {
  await makeSource('qcow2');
  img('snapshot', '-c', 'before', bench.path('source'));
  await expect(convert('qcow2', 'raw')).rejects.toMatchObject({ code: 'PrerequisitesNotMet', message: expect.stringContaining('its snapshots (before) would be lost') as string });
});

test('what differs is told with its place', async () => {
  await makeSource('raw');
  img('create', '-q', '-f', 'raw', bench.path('target'), '512M');
  // Between the copy and the comparison.
  const qemuImg = bench.path('qemu-img');
  execFileSync('sh', ['-c', `cat > "$1" <<'END'\n#!/bin/sh\nif [ "$1" = compare ]; then printf x | dd of="${bench.path('target')}" bs=1 seek=314572800 conv=notrunc status=none; fi\nexec qemu-img "$@"\nEND\nchmod +x "$1"`, 'sh', qemuImg]);
  await expect(convert('raw', 'raw', { qemuImg })).rejects.toMatchObject({ code: 'VolumeDiffers', facts: { volume: 'vol:target', offsetBytes: 314572800 } });
});

test.each(['cut', 'cancelled'])('%s in the middle: told, and no qemu-nbd is left', async (how) => {
  await makeSource('raw');
  img('create', '-q', '-f', 'qcow2', bench.path('target'), '512M');
  const abort = new AbortController();
  let bytes = 0;
  const dial = bench.dialThrough((piece) => {
    bytes += piece.length;
    if (bytes > 10 * MIB) {
      if (how === 'cut') bench.cut();
      else abort.abort();
    }
    return piece;
  });
  await expect(convert('raw', 'qcow2', { dial, signal: abort.signal })).rejects.toMatchObject({ code: how === 'cut' ? 'TransportFailed' : 'Cancelled' });
});

test('the target\'s process killed: its qemu-nbd dies with it', async () => {
  await makeSource('raw');
  img('create', '-q', '-f', 'qcow2', bench.path('target'), '512M');
  const child = startChild(`
    import { createServer } from 'node:net';
    import { createCopyServer } from './hypervisor/storage/copy/server.js';
    const copies = createCopyServer({ resolve: () => process.argv[3] as string, runDir: process.argv[4] as string });
    createServer((stream) => { void copies.serve(stream); }).listen(process.argv[2], () => process.stdout.write('up\\n'));
  `, [bench.path('child.sock'), bench.path('target'), bench.path('child-run')]);
  await once(child.stdout as NodeJS.ReadableStream, 'data');
  let during: readonly string[] = [];
  const dial: ConvertVolumeInput['dial'] = async () => {
    const socket = connect(bench.path('child.sock'));
    await once(socket, 'connect');
    return socket;
  };
  const onProgress = (): void => {
    if (during.length > 0) return;
    during = childrenOf(child.pid as number);
    child.kill('SIGKILL');
  };
  // Who notices first, the channel or qemu-img with its own words, is chance.
  await expect(convert('raw', 'qcow2', { dial, onProgress })).rejects.toMatchObject({ code: expect.stringMatching(/^(TransportFailed|StorageUnavailable)$/) as string });
  expect(during).toEqual(['qemu-nbd']);
  // No process holds the image any more: it takes the write lock.
  execFileSync('qemu-io', ['-f', 'qcow2', '-c', 'write -P 1 0 512', bench.path('target')], { stdio: 'ignore' });
});
