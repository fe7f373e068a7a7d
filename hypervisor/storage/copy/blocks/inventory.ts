import { createDigester, type DigestList } from './digest.js';
import { chunkCount, chunkLength, DIGEST_BYTES, type Geometry } from './geometry.js';
import { alignedBuffers, type ImageFile } from './image-file.js';

const LOOKAHEAD = 8;
const ENTRY_BYTES = 4 + DIGEST_BYTES;
const MOST_ENTRIES = 1024;
/** The source waits for these. */
const BATCH_EVERY_MS = 50;

export interface InventoryInput {
  readonly image: ImageFile;
  readonly geometry: Geometry;
  /** 1 for each chunk that is no hole. */
  readonly holdsData: Uint8Array;
}

/**
 * What a file holds, in batches: the digest of each chunk that is no hole, read from the file now. A batch says up to which
 * chunk (exclusive) everything is told: first that, then index and digest of each.
 */
export async function takeInventory({ image, geometry, holdsData }: InventoryInput, send: (batch: Buffer) => Promise<void>): Promise<void> {
  const digestOf = createDigester(geometry);
  const chunks = chunkCount(geometry);
  const buffers = alignedBuffers(LOOKAHEAD, geometry.chunkBytes);
  const digestAt = async (index: number): Promise<Buffer> => {
    const buffer = buffers.pop() as (typeof buffers)[number];
    const digest = digestOf(await image.read(buffer, index * geometry.chunkBytes, chunkLength(geometry, index)));
    buffers.push(buffer);
    return digest;
  };
  const ahead: { readonly index: number; readonly digest: Promise<Buffer> }[] = [];
  let entries: Buffer[] = [];
  let sentAtMs = performance.now();
  let toldUpTo = -1;
  const flush = async (upTo: number): Promise<void> => {
    const batch = Buffer.concat([u32(upTo), ...entries]);
    entries = [];
    toldUpTo = upTo;
    sentAtMs = performance.now();
    await send(batch);
  };
  const settle = async (): Promise<void> => {
    const first = ahead.shift();
    if (first === undefined) return;
    entries.push(u32(first.index), await first.digest);
    if (entries.length >= 2 * MOST_ENTRIES || performance.now() - sentAtMs > BATCH_EVERY_MS) await flush(first.index + 1);
  };

  try {
    for (let index = nextData(holdsData, 0); index < chunks; index = nextData(holdsData, index + 1)) {
      if (ahead.length === LOOKAHEAD) await settle();
      const digest = digestAt(index);
      // It is waited for in its turn.
      digest.catch(() => undefined);
      ahead.push({ index, digest });
    }
    while (ahead.length > 0) await settle();
    if (toldUpTo !== chunks) await flush(chunks);
  } finally {
    // Nobody may read on after the file is closed.
    await Promise.allSettled(ahead.map(({ digest }) => digest));
  }
}

/** Enters a batch; returns up to which chunk (exclusive) all is known. Throws for one that is not of this file. */
export function enterBatch(list: DigestList, batch: Buffer, chunks: number): number {
  if (batch.length < 4 || (batch.length - 4) % ENTRY_BYTES !== 0) throw new RangeError('a list of digests has a wrong length');
  for (let at = 4; at < batch.length; at += ENTRY_BYTES) {
    const index = batch.readUInt32BE(at);
    if (index >= chunks) throw new RangeError(`there is no chunk ${index}`);
    list.set(index, batch.subarray(at + 4, at + ENTRY_BYTES));
  }
  return batch.readUInt32BE(0);
}

function nextData(holdsData: Uint8Array, from: number): number {
  const index = holdsData.indexOf(1, from);
  return index === -1 ? holdsData.length : index;
}

function u32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
