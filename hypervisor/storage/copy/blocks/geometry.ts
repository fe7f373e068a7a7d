import { MIB } from '../../../../domain/units.js';

/** How a file is cut, and what its chunks are hashed with. */
export interface Geometry {
  readonly sizeBytes: number;
  readonly chunkBytes: number;
  /** Drawn for each pass, so that no content can have been made for it. Hex. */
  readonly hashKey: string;
}

export const DEFAULT_CHUNK_BYTES = MIB;
const LARGE_CHUNK_BYTES = 2 * MIB;
/** What is on its way when a pass is cut off, five chunks, stays a small part of the whole. */
const LARGE_FROM_BYTES = 512 * MIB;
export const CHUNK_SIZES: readonly number[] = [MIB, 2 * MIB, 4 * MIB];
export const HASH_KEY_BYTES = 16;
export const DIGEST_BYTES = 16;

/** Large ones cost less; small ones bring less where little has changed. */
export const chunkBytesFor = (sizeBytes: number, expected: 'all' | 'changes'): number =>
  (expected === 'all' && sizeBytes >= LARGE_FROM_BYTES ? LARGE_CHUNK_BYTES : DEFAULT_CHUNK_BYTES);
export const chunkCount = ({ sizeBytes, chunkBytes }: Geometry): number => Math.ceil(sizeBytes / chunkBytes);
export const chunkLength = ({ sizeBytes, chunkBytes }: Geometry, index: number): number => Math.min(chunkBytes, sizeBytes - index * chunkBytes);
