import { randomBytes } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { MigrationError, messageOf } from '../../../../domain/errors.js';
import type { Volid } from '../../../../domain/ids.js';
import type { Limiter } from '../limiter.js';
import { SessionMessage } from '../messages.js';
import { Channel, type ChannelOptions } from '../wire/channel.js';
import { ChunkSender } from './chunk-sender.js';
import { createDigester, createHashMeter } from './digest.js';
import { dataChunks } from './extents.js';
import { DEFAULT_CHUNK_BYTES, HASH_KEY_BYTES, type Geometry } from './geometry.js';
import { BlockPass, type CopyProgress } from './pass.js';
import { alignedBuffers, ImageFile } from './image-file.js';
import { listenForInventory, punchAll, verifyTarget } from './source-control.js';

export interface CopyBlocksInput {
  /** A new, authenticated connection to the target's `createCopyServer`. */
  dial(): Promise<Duplex>;
  /** As the target calls it. */
  readonly volume: Volid;
  /** The image here, of any format: it travels as bytes, internal snapshots too. Nobody may write to it. */
  readonly path: string;
  /** 1 (default), 2 or 4 MiB. Large ones cost less, small ones bring less when little has changed, or when a pass is cut off. */
  readonly chunkBytes?: number;
  /** Connections that bring chunks (default 1), besides the one that decides. More help only where one alone does not fill the wire. */
  readonly connections?: number;
  readonly limiter?: Limiter;
  readonly silenceMs?: number;
  readonly signal?: AbortSignal;
  readonly qemuImg?: string;
  onProgress?(progress: CopyProgress): void;
}

export interface CopyBlocksResult {
  readonly sizeBytes: number;
  /** Over the wire in this pass, `resentBytes` included. */
  readonly sentBytes: number;
  /** Holes, zeros, and what the target had already. */
  readonly skippedBytes: number;
  /** Sent again since it arrived damaged. */
  readonly resentBytes: number;
  /** Over the digests of all chunks, the same on both disks; of this pass alone. Hex. */
  readonly digest: string;
  readonly elapsedMs: number;
  /** Of that: fsync on the target, and reading its copy again from the disk. */
  readonly verifyMs: number;
  readonly hashBytesPerSecond: number;
}

/** Chunks that are read, hashed or on their way at the same time, per connection. */
const LANES_PER_CONNECTION = 5;

/**
 * One pass over an image file: brings to the target what differs, then has the target read its copy again and compares.
 * - the target tells what its file holds; what is equal, or a hole on both sides, is not sent
 * - each chunk carries its digest; the target writes it only when it arrived whole, at its final place
 * - when all is there: fsync, read again from the disk, digests compared
 * Cut off anywhere, the next pass goes on by itself: the two files are all there is to know.
 * Throws `VolumeDiffers` naming volume and offset, `StorageUnavailable`, `TransportFailed`, `Cancelled`.
 */
export async function copyBlocks(input: CopyBlocksInput): Promise<CopyBlocksResult> {
  const beganAtMs = performance.now();
  const image = await ImageFile.open(input.path, 'r').catch((error: unknown) => { throw unreadable(input, error); });
  try {
    const geometry: Geometry = { sizeBytes: await image.sizeBytes(), chunkBytes: input.chunkBytes ?? DEFAULT_CHUNK_BYTES, hashKey: randomBytes(HASH_KEY_BYTES).toString('hex') };
    const { pass, verifyMs } = await copy(input, image, geometry);
    const { sentBytes, resentBytes, meter } = pass;
    return {
      sizeBytes: geometry.sizeBytes, sentBytes, resentBytes, skippedBytes: geometry.sizeBytes - (sentBytes - resentBytes), verifyMs,
      digest: pass.own.combined(), elapsedMs: performance.now() - beganAtMs, hashBytesPerSecond: meter.bytesPerSecond(),
    };
  } finally {
    await image.close();
  }
}

async function copy(input: CopyBlocksInput, image: ImageFile, geometry: Geometry): Promise<{ pass: BlockPass; verifyMs: number }> {
  const { volume, limiter, silenceMs, path, qemuImg } = input;
  const halt = new AbortController();
  const signal = input.signal === undefined ? halt.signal : AbortSignal.any([input.signal, halt.signal]);
  const options: ChannelOptions = { subject: `copy volume ${volume}`, limiter, silenceMs, signal };
  const mapping = dataChunks(path, geometry, qemuImg);
  mapping.catch(() => undefined);
  const control = new Channel(await input.dial(), options);
  const senders: ChunkSender[] = [];
  const running: Promise<unknown>[] = [];
  try {
    await control.say({ kind: 'blocks', volume, ...geometry });
    const { session } = await control.hear(SessionMessage);
    const holdsData = await mapping;
    const pass = new BlockPass({ image, volume, geometry, holdsData, signal, meter: createHashMeter(createDigester(geometry)), onProgress: (progress) => input.onProgress?.(progress) });
    for (let n = 0; n < (input.connections ?? 1); n += 1) senders.push(new ChunkSender(await input.dial(), options, session));
    running.push(listenForInventory(control, pass));
    for (const sender of senders) for (const buffer of alignedBuffers(LANES_PER_CONNECTION, geometry.chunkBytes)) running.push(pass.runLane(sender, buffer));
    await Promise.all(running);
    await Promise.all(senders.map((sender) => sender.close()));
    await punchAll(control, pass);
    const verifyingAtMs = performance.now();
    await verifyTarget(control, pass);
    return { pass, verifyMs: performance.now() - verifyingAtMs };
  } catch (error) {
    halt.abort();
    throw error instanceof MigrationError ? error : unreadable(input, error);
  } finally {
    for (const sender of senders) sender.destroy();
    await control.close();
    await Promise.allSettled(running);
  }
}

const unreadable = ({ volume, path }: CopyBlocksInput, error: unknown): MigrationError =>
  (error instanceof MigrationError ? error : new MigrationError('StorageUnavailable', `read volume failed: ${volume}: ${messageOf(error)}`, { volume, path }, error));
