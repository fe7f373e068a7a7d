import { execFileSync } from 'node:child_process';
import { open, stat, truncate, writeFile } from 'node:fs/promises';
import { copyBlocks, type CopyBlocksInput, type CopyBlocksResult } from '../../../../hypervisor/storage/copy/blocks/copy-blocks.js';
import { CopyBench } from '../support/copy-bench.js';
import { allocatedBytes, flipByte, makeSparse, MIB, sha256Of } from '../support/images.js';

jest.setTimeout(120_000);

let bench: CopyBench;
beforeEach(async () => {
  bench = new CopyBench();
  await bench.serve();
});
afterEach(() => bench.close());

const copy = (more: Partial<CopyBlocksInput> = {}): Promise<CopyBlocksResult> =>
  copyBlocks({ dial: bench.dial, volume: 'vol:target.raw', path: bench.path('source.raw'), ...more });

async function same(): Promise<void> {
  expect(await sha256Of(bench.path('target.raw'))).toBe(await sha256Of(bench.path('source.raw')));
  expect((await stat(bench.path('target.raw'))).size).toBe((await stat(bench.path('source.raw'))).size);
}

test('1 GiB with 64 MiB of data: holes stay holes, and only the data travels', async () => {
  await makeSparse(bench.path('source.raw'), 1024 * MIB, [[0, 4096], [100 * MIB + 8192, 32 * MIB], [700 * MIB, 31 * MIB], [1024 * MIB - 4096, 4096]]);
  await writeFile(bench.path('target.raw'), '');
  const result = await copy();
  await same();
  // The file system's own map of the extents is counted too.
  expect(await allocatedBytes(bench.path('target.raw'))).toBeLessThanOrEqual(await allocatedBytes(bench.path('source.raw')) + 64 * 1024);
  expect(result).toMatchObject({ sizeBytes: 1024 * MIB, sentBytes: 63 * MIB + 8192, resentBytes: 0, skippedBytes: 961 * MIB - 8192 });
  console.log(`sparse 1 GiB, 63 MiB of data: ${Math.round(result.elapsedMs)} ms, of it ${Math.round(result.verifyMs)} ms to verify; a hash thread ${Math.round(result.hashBytesPerSecond / MIB)} MiB/s`);
});

test('zeros that are written are no data either, and a size that is no multiple of anything is kept', async () => {
  await makeSparse(bench.path('source.raw'), 10 * MIB + 777, [[3 * MIB, 5000]]);
  const file = await open(bench.path('source.raw'), 'r+');
  await file.write(Buffer.alloc(4 * MIB), 0, 4 * MIB, 5 * MIB);
  await file.close();
  await writeFile(bench.path('target.raw'), '');
  const { sentBytes } = await copy();
  await same();
  expect(sentBytes).toBe(8192);
  expect(await allocatedBytes(bench.path('target.raw'))).toBeLessThan(MIB);
});

test.each([[0], [1], [4096]])('a file of %d bytes', async (sizeBytes) => {
  await makeSparse(bench.path('source.raw'), sizeBytes, sizeBytes === 0 ? [] : [[0, sizeBytes]]);
  await writeFile(bench.path('target.raw'), 'something longer');
  await copy();
  await same();
});

test('a qcow2 with two internal snapshots travels byte by byte', async () => {
  const source = bench.path('source.raw');
  execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', source, '256M']);
  for (const [at, name] of [['0', 'one'], ['64M', 'two']] as const) {
    execFileSync('qemu-io', ['-f', 'qcow2', '-c', `write -P 7 ${at} 20M`, source], { stdio: 'ignore' });
    execFileSync('qemu-img', ['snapshot', '-c', name, source]);
  }
  execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', bench.path('target.raw'), '256M']);
  await copy();
  await same();
  const info = JSON.parse(execFileSync('qemu-img', ['info', '--output=json', '-f', 'qcow2', bench.path('target.raw')], { encoding: 'utf8' })) as { snapshots: { name: string }[] };
  expect(info.snapshots.map(({ name }) => name)).toEqual(['one', 'two']);
});

describe('a second pass', () => {
  beforeEach(async () => {
    await makeSparse(bench.path('source.raw'), 128 * MIB, [[0, 96 * MIB]]);
    await writeFile(bench.path('target.raw'), '');
    await copy();
  });

  test('sends nothing when nothing changed', async () => {
    expect(await copy()).toMatchObject({ sentBytes: 0, skippedBytes: 128 * MIB });
  });

  test('sends what changed, and makes holes of what became zeros', async () => {
    await flipByte(bench.path('source.raw'), 50 * MIB + 17);
    await truncate(bench.path('source.raw'), 80 * MIB);
    await truncate(bench.path('source.raw'), 120 * MIB);
    const file = await open(bench.path('source.raw'), 'r+');
    await file.write(Buffer.alloc(16 * MIB), 0, 16 * MIB, 0);
    // Half a chunk of zeros: the other half is sent.
    await file.write(Buffer.alloc(MIB / 2), 0, MIB / 2, 20 * MIB);
    await file.close();
    const { sentBytes } = await copy();
    await same();
    expect(sentBytes).toBe(1.5 * MIB);
    expect(await allocatedBytes(bench.path('target.raw'))).toBeLessThanOrEqual(64 * MIB);
  });

  test('repairs what the target\'s disk lost', async () => {
    await flipByte(bench.path('target.raw'), 33 * MIB);
    expect((await copy()).sentBytes).toBe(MIB);
    await same();
  });
});

test('progress grows to the whole, and counts what is sent', async () => {
  await makeSparse(bench.path('source.raw'), 64 * MIB, [[8 * MIB, 20 * MIB]]);
  await writeFile(bench.path('target.raw'), '');
  const seen: { doneBytes: number; totalBytes: number; sentBytes: number }[] = [];
  await copy({ onProgress: (progress) => seen.push(progress) });
  expect(seen.length).toBe(20);
  expect(seen.map(({ doneBytes }) => doneBytes)).toEqual([...seen.map(({ doneBytes }) => doneBytes)].sort((a, b) => a - b));
  expect(seen.at(-1)).toMatchObject({ totalBytes: 64 * MIB, sentBytes: 20 * MIB });
});

test('a volume the target refuses, or has not, is named', async () => {
  await makeSparse(bench.path('source.raw'), MIB, [[0, MIB]]);
  await expect(copy({ volume: 'vol:not-there.raw' })).rejects.toMatchObject({ code: 'StorageUnavailable', message: expect.stringMatching(/open volume failed: vol:not-there.raw: .*ENOENT/) as string });
  await expect(copy({ path: bench.path('none.raw') })).rejects.toMatchObject({ code: 'StorageUnavailable', message: expect.stringMatching(/read volume failed: vol:target.raw: .*ENOENT/) as string });
});
