import { MIB } from '../../../../domain/units.js';

/** How a file is cut, and what its chunks are hashed with. */
export interface Geometry {
  readonly sizeBytes: number;
  readonly chunkBytes: number;
  /** Drawn for each pass, so that no content can have been made for it. Hex. */
  readonly hashKey: string;
}

export const DEFAULT_CHUNK_BYTES = MIB;
export const CHUNK_SIZES: readonly number[] = [MIB, 2 * MIB, 4 * MIB];
export const HASH_KEY_BYTES = 16;
export const DIGEST_BYTES = 16;

export const chunkCount = ({ sizeBytes, chunkBytes }: Geometry): number => Math.ceil(sizeBytes / chunkBytes);
export const chunkLength = ({ sizeBytes, chunkBytes }: Geometry, index: number): number => Math.min(chunkBytes, sizeBytes - index * chunkBytes);
