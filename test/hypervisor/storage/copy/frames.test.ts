import { randomBytes } from 'node:crypto';
import { encodeChunkHead, parseAnswer, parseChunkHead } from '../../../../hypervisor/storage/copy/blocks/chunk-head.js';
import { nonZeroRuns, runBytes } from '../../../../hypervisor/storage/copy/blocks/runs.js';
import { parseRsyncOutput } from '../../../../hypervisor/storage/copy/tree/rsync-output.js';
import { FRAME_BYTES, frameStart, isSound, parseFrameStart } from '../../../../hypervisor/storage/copy/wire/frame.js';

test('every single damaged bit of a frame\'s head is noticed', () => {
  const head = Buffer.from('{"kind":"verify"}');
  const start = frameStart(1, head, 0);
  expect(isSound(start, head)).toBe(true);
  for (let bit = 0; bit < (FRAME_BYTES + head.length) * 8; bit += 1) {
    const bytes = Buffer.concat([start, head]);
    bytes[bit >> 3] = (bytes[bit >> 3] as number) ^ (1 << (bit & 7));
    expect(isSound(bytes.subarray(0, FRAME_BYTES), bytes.subarray(FRAME_BYTES))).toBe(false);
  }
});

test('nobody waits for gigabytes that a damaged length announces', () => {
  expect(parseFrameStart(frameStart(4, Buffer.alloc(10), 2 ** 31))).toBeNull();
  expect(parseFrameStart(frameStart(4, Buffer.alloc(10), 4096))).toMatchObject({ kind: 4, headBytes: 10, bodyBytes: 4096 });
});

test('runs are what is not zero, to a block', () => {
  const chunk = Buffer.alloc(10 * 4096 + 100);
  chunk[4096] = 1;
  chunk[2 * 4096 + 4095] = 1;
  chunk[7 * 4096 + 2000] = 1;
  chunk[10 * 4096 + 99] = 1;
  const runs = nonZeroRuns(chunk);
  expect(runs).toEqual([{ start: 4096, end: 3 * 4096 }, { start: 7 * 4096, end: 8 * 4096 }, { start: 10 * 4096, end: 10 * 4096 + 100 }]);
  expect(runBytes(runs)).toBe(3 * 4096 + 100);
  expect(nonZeroRuns(Buffer.alloc(8192))).toEqual([]);
});

describe('a chunk\'s head', () => {
  const digest = randomBytes(16);
  const parse = (index: number, runs: readonly { start: number; end: number }[]): unknown => parseChunkHead(encodeChunkHead({ index, digest, intoHole: true, runs }), 4, () => 65_536);

  test('comes out as it went in', () => {
    const runs = [{ start: 0, end: 4096 }, { start: 8192, end: 65_536 }];
    expect(parse(3, runs)).toEqual({ index: 3, digest, intoHole: true, runs });
  });

  test.each([
    ['a chunk that is not', 4, []], ['beyond its end', 0, [{ start: 0, end: 69_632 }]], ['nothing', 0, [{ start: 4096, end: 4096 }]],
    ['back to front', 0, [{ start: 8192, end: 12_288 }, { start: 4096, end: 8192 }]], ['no block\'s beginning', 0, [{ start: 100, end: 4096 }]],
  ])('is refused: %s', (_, index, runs) => expect(parse(index, runs)).toBeNull());

  test('and an answer is five bytes', () => expect(parseAnswer(Buffer.alloc(4))).toBeNull());
});

test('rsync\'s words', () => {
  expect(parseRsyncOutput([
    '*deleting  |gone', '.d..t......|./', '<f.st......|etc/pass|wd', '<f+++++++++|n\\#303\\#244me\\#012\\#134#x', 'cL+++++++++|soft', '', 'Number of files: 7,408 (reg: 7,000, dir: 408)', 'Number of created files: 1',
    'Number of regular files transferred: 2', 'Total bytes sent: 1234', 'sent 1234 bytes  received 5 bytes',
  ].join('\n'))).toEqual({ sentBytes: 1234, transferredFiles: 2, files: 7408, changes: 5, changedPaths: ['gone', './', 'etc/pass|wd', 'näme\n\\#x', 'soft'] });
});
