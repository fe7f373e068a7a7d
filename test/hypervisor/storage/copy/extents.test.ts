import { writeFile } from 'node:fs/promises';
import { copyBlocks } from '../../../../hypervisor/storage/copy/blocks/copy-blocks.js';
import { dataChunks, dataChunksUnlessEmpty } from '../../../../hypervisor/storage/copy/blocks/extents.js';
import { chunkBytesFor, type Geometry } from '../../../../hypervisor/storage/copy/blocks/geometry.js';
import { CopyBench } from '../support/copy-bench.js';
import { flipByte, makeSparse, MIB } from '../support/images.js';

jest.setTimeout(60_000);

let bench: CopyBench;
beforeEach(() => { bench = new CopyBench(); });
afterEach(() => bench.close());

const geometry: Geometry = { sizeBytes: 4 * MIB, chunkBytes: MIB, hashKey: '00'.repeat(16) };
/** Whoever asks it is refused. */
const NOBODY = 'false';

test('a file with holes is asked about', async () => {
  await makeSparse(bench.path('file'), 4 * MIB, [[MIB, MIB]]);
  expect([...await dataChunks(bench.path('file'), geometry)]).toEqual([0, 1, 0, 0]);
  expect([...await dataChunksUnlessEmpty(bench.path('file'), geometry)]).toEqual([0, 1, 0, 0]);
  await expect(dataChunks(bench.path('file'), geometry, NOBODY)).rejects.toMatchObject({ code: 'StorageUnavailable' });
});

test('a full file is not, nor an empty one that is about to be filled', async () => {
  await makeSparse(bench.path('full'), 4 * MIB, [[0, 4 * MIB]]);
  await makeSparse(bench.path('empty'), 4 * MIB, []);
  expect([...await dataChunks(bench.path('full'), geometry, NOBODY)]).toEqual([1, 1, 1, 1]);
  expect([...await dataChunksUnlessEmpty(bench.path('empty'), geometry, NOBODY)]).toEqual([0, 0, 0, 0]);
});

test('what the last reading finds is always asked for', async () => {
  await makeSparse(bench.path('empty'), 4 * MIB, []);
  await expect(dataChunks(bench.path('empty'), geometry, NOBODY)).rejects.toMatchObject({ code: 'StorageUnavailable' });
});

test.each([
  ['a large image that is brought as a whole', 512 * MIB, 'all', 2 * MIB],
  ['a small one', 511 * MIB, 'all', MIB],
  ['a large one of which little has changed', 64 * 1024 * MIB, 'changes', MIB],
] as const)('the chunks of %s', (_, sizeBytes, expected, chunkBytes) => expect(chunkBytesFor(sizeBytes, expected)).toBe(chunkBytes));

test('a pass whose copy differs says what it sent for nothing', async () => {
  await bench.serve();
  await makeSparse(bench.path('source.raw'), 64 * MIB, [[0, 64 * MIB]]);
  await writeFile(bench.path('target.raw'), '');
  const flips: Promise<void>[] = [];
  const onProgress = ({ doneBytes }: { doneBytes: number }): void => { if (doneBytes >= 48 * MIB && flips.length === 0) flips.push(flipByte(bench.path('target.raw'), 5)); };
  await expect(copyBlocks({ dial: bench.dial, volume: 'vol:target.raw', path: bench.path('source.raw'), chunkBytes: 2 * MIB, onProgress }))
    .rejects.toMatchObject({ code: 'VolumeDiffers', facts: { offsetBytes: 0, differingChunks: 1, chunkBytes: 2 * MIB, sentBytes: 64 * MIB } });
  await Promise.all(flips);
});
