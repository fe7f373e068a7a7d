import { BLOCK_BYTES, type Run } from './runs.js';
import { DIGEST_BYTES } from './geometry.js';

/** What stands before a chunk's bytes: only its runs of data follow, the rest of it is zeros. */
export interface ChunkHead {
  readonly index: number;
  /** Of the whole chunk, zeros included. */
  readonly digest: Buffer;
  /** The target has a hole there: zeros need not be written. */
  readonly intoHole: boolean;
  readonly runs: readonly Run[];
}

const FIXED_BYTES = 4 + 1 + DIGEST_BYTES;

export function encodeChunkHead({ index, digest, intoHole, runs }: ChunkHead): Buffer {
  const head = Buffer.allocUnsafe(FIXED_BYTES + runs.length * 8);
  head.writeUInt32BE(index, 0);
  head.writeUInt8(intoHole ? 1 : 0, 4);
  digest.copy(head, 5);
  runs.forEach(({ start, end }, at) => {
    head.writeUInt32BE(start, FIXED_BYTES + at * 8);
    head.writeUInt32BE(end, FIXED_BYTES + at * 8 + 4);
  });
  return head;
}

/** null: not one, or its runs do not lie in order within `lengthOf` its chunk. */
export function parseChunkHead(head: Buffer, chunks: number, lengthOf: (index: number) => number): ChunkHead | null {
  if (head.length < FIXED_BYTES || (head.length - FIXED_BYTES) % 8 !== 0) return null;
  const index = head.readUInt32BE(0);
  if (index >= chunks) return null;
  const runs: Run[] = [];
  for (let at = FIXED_BYTES; at < head.length; at += 8) {
    const [start, end] = [head.readUInt32BE(at), head.readUInt32BE(at + 4)];
    if (start < (runs.at(-1)?.end ?? 0) || end <= start || start % BLOCK_BYTES !== 0 || end > lengthOf(index)) return null;
    runs.push({ start, end });
  }
  return { index, digest: head.subarray(5, FIXED_BYTES), intoHole: head.readUInt8(4) === 1, runs };
}

/** The target's answer to a chunk: written, or refused since it is not what its digest says. */
export const encodeAnswer = (index: number, written: boolean): Buffer => {
  const head = Buffer.allocUnsafe(5);
  head.writeUInt32BE(index, 0);
  head.writeUInt8(written ? 1 : 0, 4);
  return head;
};

export const parseAnswer = (head: Buffer): { readonly index: number; readonly written: boolean } | null =>
  (head.length === 5 ? { index: head.readUInt32BE(0), written: head.readUInt8(4) === 1 } : null);
