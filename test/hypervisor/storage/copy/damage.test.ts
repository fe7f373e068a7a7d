import { once } from 'node:events';
import { rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { copyBlocks, type CopyBlocksInput, type CopyBlocksResult } from '../../../../hypervisor/storage/copy/blocks/copy-blocks.js';
import { startChild } from '../../child.js';
import { CopyBench } from '../support/copy-bench.js';
import { flipByte, makeSparse, MIB, sha256Of } from '../support/images.js';

jest.setTimeout(120_000);

const DATA_BYTES = 256 * MIB;
let bench: CopyBench;
beforeEach(async () => {
  bench = new CopyBench();
  await bench.serve();
  await makeSparse(bench.path('source.raw'), DATA_BYTES + 64 * MIB, [[32 * MIB, DATA_BYTES]]);
  await writeFile(bench.path('target.raw'), '');
});
afterEach(() => bench.close());

const copy = (more: Partial<CopyBlocksInput> = {}): Promise<CopyBlocksResult> =>
  copyBlocks({ dial: bench.dial, volume: 'vol:target.raw', path: bench.path('source.raw'), connections: 2, ...more });
const same = async (): Promise<void> => expect(await sha256Of(bench.path('target.raw'))).toBe(await sha256Of(bench.path('source.raw')));

/** Runs `act` once, when so much of the data was sent. */
function whenSent(share: number, act: () => void): Required<Pick<CopyBlocksInput, 'onProgress'>> & { sentBytes: number } {
  let done = false;
  const watch = {
    sentBytes: 0,
    onProgress: ({ sentBytes }: { sentBytes: number }): void => {
      watch.sentBytes = sentBytes;
      if (done || sentBytes < share * DATA_BYTES) return;
      done = true;
      act();
    },
  };
  return watch;
}

test('cut at 70 %: the next pass sends again less than 5 %', async () => {
  const first = whenSent(0.7, () => bench.cut());
  await expect(copy(first)).rejects.toMatchObject({ code: 'TransportFailed' });
  const second = await copy();
  await same();
  const againBytes = first.sentBytes + second.sentBytes - DATA_BYTES;
  console.log(`cut at 70 %: ${(100 * againBytes / DATA_BYTES).toFixed(1)} % sent again`);
  expect(second.sentBytes).toBeLessThan(0.35 * DATA_BYTES);
  expect(againBytes).toBeLessThan(0.05 * DATA_BYTES);
});

test('target process killed at 70 %: the next pass sends again less than 5 %', async () => {
  const path = bench.path('child.sock');
  const start = async (): Promise<ReturnType<typeof startChild>> => {
    await rm(path, { force: true });
    const child = startChild(`
      import { createServer } from 'node:net';
      import { createCopyServer } from './hypervisor/storage/copy/server.js';
      const copies = createCopyServer({ resolve: () => process.argv[3] as string });
      createServer((stream) => { void copies.serve(stream); }).listen(process.argv[2], () => process.stdout.write('up\\n'));
    `, [path, bench.path('target.raw')]);
    await once(child.stdout as NodeJS.ReadableStream, 'data');
    return child;
  };
  const dial = async (): Promise<Duplex> => {
    const socket = connect(path);
    await once(socket, 'connect');
    return socket;
  };
  const child = await start();
  const first = whenSent(0.7, () => child.kill('SIGKILL'));
  await expect(copy({ dial, onProgress: first.onProgress })).rejects.toMatchObject({ code: 'TransportFailed' });
  const again = await start();
  const second = await copy({ dial });
  again.kill('SIGKILL');
  await once(again, 'exit');
  await same();
  const againBytes = first.sentBytes + second.sentBytes - DATA_BYTES;
  console.log(`target killed at 70 %: ${(100 * againBytes / DATA_BYTES).toFixed(1)} % sent again`);
  expect(againBytes).toBeLessThan(0.05 * DATA_BYTES);
});

test('a bit that flips on the wire is refused, sent again and counted', async () => {
  let bytes = 0;
  let flipped = 0;
  const dial = bench.dialThrough((piece, connection) => {
    if (connection !== 1) return piece;
    bytes += piece.length;
    if (bytes < 40 * MIB || flipped > 0) return piece;
    flipped += 1;
    const spoiled = Buffer.from(piece);
    spoiled[100] = (spoiled[100] as number) ^ 0x10;
    return spoiled;
  });
  const result = await copy({ dial });
  expect(flipped).toBe(1);
  expect(result).toMatchObject({ resentBytes: MIB, sentBytes: DATA_BYTES + MIB });
  await same();
});

test('a wire that spoils a chunk every time is told by the chunk\'s place', async () => {
  // Only bodies: whoever sends something small sends a head.
  const dial = bench.dialThrough((piece, connection) => {
    if (connection === 0 || piece.length < 32_768) return piece;
    const spoiled = Buffer.from(piece);
    spoiled[30_000] = (spoiled[30_000] as number) ^ 0x10;
    return spoiled;
  });
  await expect(copy({ dial })).rejects.toMatchObject({ code: 'VolumeDiffers', message: expect.stringMatching(/vol:target.raw: the chunk at byte \d+ arrived damaged 4 times/) as string });
});

test('a bit that flips in the head of a frame breaks the connection, not the volume', async () => {
  let spoilt = false;
  const dial = bench.dialThrough((piece, connection) => {
    if (connection !== 2 || spoilt || piece.length < 17) return piece;
    spoilt = true;
    const spoiled = Buffer.from(piece);
    spoiled[12] = (spoiled[12] as number) ^ 0x01;
    return spoiled;
  });
  await expect(copy({ dial })).rejects.toMatchObject({ code: 'TransportFailed' });
  await copy();
  await same();
});

test('a bit that flips on the target\'s disk is found, named by its chunk, and repaired by the next pass', async () => {
  let flip: Promise<void> = Promise.resolve();
  const watch = whenSent(0.5, () => { flip = flipByte(bench.path('target.raw'), 34 * MIB + 5); });
  await expect(copy(watch)).rejects.toMatchObject({
    code: 'VolumeDiffers', message: 'verify volume failed: vol:target.raw: read again on the target, 1 of its chunks differ, the first at byte 35651584',
    facts: { volume: 'vol:target.raw', offsetBytes: 34 * MIB, differingChunks: 1 },
  });
  await flip;
  expect((await copy()).sentBytes).toBe(MIB);
  await same();
});

test('a new pass ends the one before, which can write nothing any more', async () => {
  let second: Promise<CopyBlocksResult> = Promise.reject(new Error('it did not begin'));
  second.catch(() => undefined);
  const watch = whenSent(0.2, () => { second = copy(); });
  await expect(copy(watch)).rejects.toMatchObject({ code: 'TransportFailed' });
  await second;
  await same();
});

test('a full disk is told in the target\'s words', async () => {
  await bench.close();
  bench = new CopyBench();
  await bench.serve({ resolve: () => '/dev/full' });
  await makeSparse(bench.path('source.raw'), 4 * MIB, [[0, 4 * MIB]]);
  await expect(copy()).rejects.toMatchObject({ code: 'StorageUnavailable', message: expect.stringMatching(/volume failed: vol:target.raw: .*(EINVAL|ENOSPC)/) as string });
});
