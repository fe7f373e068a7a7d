import { MigrationError } from '../../../../domain/errors.js';
import type { Channel, Frame } from '../wire/channel.js';
import { FRAME } from '../wire/frame.js';
import { encodeAnswer, parseChunkHead, type ChunkHead } from './chunk-head.js';
import { createDigester } from './digest.js';
import { chunkCount, chunkLength } from './geometry.js';
import { alignedBuffers } from './image-file.js';
import { punch } from './punch.js';
import type { Run } from './runs.js';
import { onDisk } from './serve-control.js';
import type { BlocksSession } from './sessions.js';

/** Chunks of one connection that are checked and written at the same time. */
const AT_ONCE = 5;
/** A hole worth a process. */
const WORTH_PUNCHING_BYTES = 64 * 1024;

/** The target's end of one connection that brings chunks. A chunk is written only when it is what its digest says. */
export async function serveChunks(channel: Channel, session: BlocksSession): Promise<void> {
  session.channels.add(channel);
  const free = alignedBuffers(AT_ONCE, session.geometry.chunkBytes);
  const working = new Set<Promise<void>>();
  try {
    for (let frame = await channel.receive(); frame !== null; frame = await channel.receive()) {
      const head = headOf(frame, session);
      while (free.length === 0) await Promise.race(working);
      const buffer = free.pop() as (typeof free)[number];
      const bytes = buffer.subarray(0, chunkLength(session.geometry, head.index));
      await readRuns(channel, head.runs, bytes);
      const work = take(channel, session, head, bytes).finally(() => {
        free.push(buffer);
        working.delete(work);
        session.writes.delete(work);
      });
      work.catch(async (error: unknown) => {
        await channel.sayFailed(error);
        await channel.close();
      });
      working.add(work);
      session.writes.add(work);
    }
    await Promise.all(working);
  } finally {
    await Promise.allSettled(working);
    session.channels.delete(channel);
  }
}

function headOf(frame: Frame, { volume, geometry }: BlocksSession): ChunkHead {
  const head = frame.kind === FRAME.chunk ? parseChunkHead(frame.head, chunkCount(geometry), (index) => chunkLength(geometry, index)) : null;
  if (head !== null && frame.bodyBytes === head.runs.reduce((bytes, { start, end }) => bytes + end - start, 0)) return head;
  throw new MigrationError('TransportFailed', `copy volume failed: ${volume}: the source sent something else than a chunk`);
}

async function readRuns(channel: Channel, runs: readonly Run[], bytes: Buffer): Promise<void> {
  let at = 0;
  for (const { start, end } of runs) {
    bytes.fill(0, at, start);
    await channel.readBody(bytes.subarray(start, end));
    at = end;
  }
  bytes.fill(0, at);
}

async function take(channel: Channel, session: BlocksSession, head: ChunkHead, bytes: Buffer): Promise<void> {
  const sound = createDigester(session.geometry)(bytes).equals(head.digest);
  if (sound) await onDisk(session, () => write(session, head, bytes));
  await channel.send(FRAME.answer, encodeAnswer(head.index, sound));
}

async function write({ image, geometry, flush }: BlocksSession, { index, intoHole, runs }: ChunkHead, bytes: Buffer): Promise<void> {
  const startBytes = index * geometry.chunkBytes;
  const sparse = gapsOf(runs, bytes.length).some(({ start, end }) => end - start >= WORTH_PUNCHING_BYTES);
  if (!intoHole && sparse) await punch(image, startBytes, bytes.length);
  const parts = intoHole || sparse ? runs : [{ start: 0, end: bytes.length }];
  for (const { start, end } of parts) await image.write(bytes.subarray(start, end), startBytes + start);
  flush.wrote(bytes.length);
}

function gapsOf(runs: readonly Run[], lengthBytes: number): readonly Run[] {
  const bounds = [...runs, { start: lengthBytes, end: lengthBytes }];
  return bounds.map(({ start }, at) => ({ start: bounds[at - 1]?.end ?? 0, end: start }));
}
