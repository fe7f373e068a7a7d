/** What a file system allocates: less than this cannot be a hole. */
export const BLOCK_BYTES = 4096;
const ZEROS = Buffer.alloc(BLOCK_BYTES);

/** A part of a chunk that is not all zeros, in bytes from its beginning. */
export interface Run {
  readonly start: number;
  readonly end: number;
}

/** The parts that are not zeros, to a block. */
export function nonZeroRuns(chunk: Buffer): readonly Run[] {
  const runs: { start: number; end: number }[] = [];
  for (let start = 0; start < chunk.length; start += BLOCK_BYTES) {
    const end = Math.min(chunk.length, start + BLOCK_BYTES);
    if (isZero(chunk, start, end)) continue;
    const last = runs.at(-1);
    if (last?.end === start) last.end = end;
    else runs.push({ start, end });
  }
  return runs;
}

export const runBytes = (runs: readonly Run[]): number => runs.reduce((bytes, { start, end }) => bytes + end - start, 0);

/** Most blocks of a disk tell by their first byte. */
const isZero = (chunk: Buffer, start: number, end: number): boolean =>
  chunk[start] === 0 && chunk[end - 1] === 0 && chunk.compare(ZEROS, 0, end - start, start, end) === 0;
