import { MIB } from '../../../../domain/units.js';

/** How a file is cut. */
export interface Geometry {
  readonly sizeBytes: number;
  readonly chunkBytes: number;
}

export const DEFAULT_CHUNK_BYTES = 2 * MIB;
export const CHUNK_SIZES: readonly number[] = [MIB, 2 * MIB, 4 * MIB];
export const DIGEST_BYTES = 32;

export const chunkCount = ({ sizeBytes, chunkBytes }: Geometry): number => Math.ceil(sizeBytes / chunkBytes);
export const chunkLength = ({ sizeBytes, chunkBytes }: Geometry, index: number): number => Math.min(chunkBytes, sizeBytes - index * chunkBytes);
