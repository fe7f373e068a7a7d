import { writeFile } from 'node:fs/promises';
import { Duplex } from 'node:stream';
import { copyBlocks, type CopyBlocksInput, type CopyBlocksResult } from '../../../../hypervisor/storage/copy/blocks/copy-blocks.js';
import { createLimiter } from '../../../../hypervisor/storage/copy/limiter.js';
import { CopyBench } from '../support/copy-bench.js';
import { makeSparse, MIB, sha256Of } from '../support/images.js';

jest.setTimeout(60_000);

const SILENCE_MS = 1000;
let bench: CopyBench;
let served: Promise<void>[];
beforeEach(async () => {
  served = [];
  bench = new CopyBench();
  const server = await bench.serve({ silenceMs: SILENCE_MS });
  const serve = server.serve.bind(server);
  server.serve = (stream) => {
    const end = serve(stream);
    served.push(end);
    return end;
  };
  await makeSparse(bench.path('source.raw'), 64 * MIB, [[0, 64 * MIB]]);
  for (const name of ['target.raw', 'other.raw']) await writeFile(bench.path(name), '');
});
afterEach(() => bench.close());

const copy = (more: Partial<CopyBlocksInput> = {}): Promise<CopyBlocksResult> =>
  copyBlocks({ dial: bench.dial, volume: 'vol:target.raw', path: bench.path('source.raw'), connections: 2, silenceMs: SILENCE_MS, ...more });

test('one limit holds for all volumes and connections together', async () => {
  const limiter = createLimiter(40 * MIB);
  const results = await Promise.all([copy({ limiter }), copy({ limiter, volume: 'vol:other.raw' })]);
  const copyMs = Math.max(...results.map(({ elapsedMs, verifyMs }) => elapsedMs - verifyMs));
  const ratio = 128 * MIB / (copyMs / 1000) / (40 * MIB);
  console.log(`limit 40 MiB/s, two volumes: ${ratio.toFixed(2)} of it was used`);
  expect(ratio).toBeLessThan(1.05);
  expect(ratio).toBeGreaterThan(0.7);
});

test('a limit that is lifted while it runs is lifted at once', async () => {
  const limiter = createLimiter(MIB);
  let seen = 0;
  const { elapsedMs } = await copy({ limiter, onProgress: () => { seen += 1; if (seen === 1) limiter.bytesPerSecond = null; } });
  expect(seen).toBe(64);
  // At 1 MiB/s it would have been a minute.
  expect(elapsedMs).toBeLessThan(20_000);
  expect(await sha256Of(bench.path('target.raw'))).toBe(await sha256Of(bench.path('source.raw')));
});

test('a slow limit is not silence', async () => {
  const limiter = createLimiter(100 * 1024);
  let parts = 0;
  const abort = new AbortController();
  const dial = bench.dialThrough((piece) => {
    parts += 1;
    if (parts === 150) abort.abort();
    return piece;
  });
  await expect(copy({ dial, limiter, signal: abort.signal })).rejects.toMatchObject({ code: 'Cancelled' });
});

test('cancelled: over within a second, on both sides', async () => {
  const limiter = createLimiter(MIB);
  const abort = new AbortController();
  let abortedAtMs = 0;
  const dial = bench.dialThrough((piece) => {
    if (abortedAtMs === 0 && bench.openConnections >= 6) {
      abortedAtMs = performance.now();
      abort.abort();
    }
    return piece;
  });
  await expect(copy({ dial, limiter, signal: abort.signal })).rejects.toMatchObject({ code: 'Cancelled', message: expect.stringContaining('vol:target.raw') as string });
  expect(performance.now() - abortedAtMs).toBeLessThan(1000);
});

test('cancelled before it begins', async () => {
  await expect(copy({ signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'Cancelled' });
});

test('a peer that says nothing is given up after the silence that was asked for', async () => {
  const mute = (): Duplex => new Duplex({ read: () => undefined, write: (_bytes, _encoding, done) => done() });
  const beganAtMs = performance.now();
  await expect(copy({ dial: () => Promise.resolve(mute()), silenceMs: 600 })).rejects.toMatchObject({ code: 'TransportFailed', message: 'copy volume vol:target.raw failed: nothing heard from the peer for 600 ms' });
  expect(performance.now() - beganAtMs).toBeGreaterThan(590);
  expect(performance.now() - beganAtMs).toBeLessThan(3000);
});

test('a network that swallows everything in the middle is noticed on both sides', async () => {
  let swallow = false;
  const dial = async (): Promise<Duplex> => {
    const socket = await bench.dial();
    const write = (bytes: Buffer, _encoding: string, done: () => void): void => {
      if (swallow) done();
      else socket.write(bytes, () => done());
    };
    const near = new Duplex({ read: () => undefined, write, destroy: (_error, done) => done(null) });
    socket.on('data', (bytes: Buffer) => { if (!swallow) near.push(bytes); });
    return near;
  };
  await expect(copy({ dial, onProgress: () => { swallow = true; } })).rejects.toMatchObject({ code: 'TransportFailed' });
  expect(served).toHaveLength(3);
  await Promise.all(served);
});
