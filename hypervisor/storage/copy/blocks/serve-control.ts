import { MigrationError, messageOf } from '../../../../domain/errors.js';
import { BlocksRequest, type OpeningOf } from '../messages.js';
import type { Channel } from '../wire/channel.js';
import { FRAME } from '../wire/frame.js';
import { DigestList } from './digest.js';
import { dataChunks, dataChunksUnlessEmpty } from './extents.js';
import { chunkCount } from './geometry.js';
import { enterBatch, takeInventory } from './inventory.js';
import { punch } from './punch.js';
import type { BlocksSession, BlocksSessions } from './sessions.js';

/**
 * The target's control connection of one pass: tells what the file holds, makes holes, and when all is there reads it
 * again from the disk. Nothing is remembered between passes: the file is all there is.
 */
export async function serveControl(channel: Channel, opening: OpeningOf<'blocks'>, path: string, sessions: BlocksSessions, qemuImg: string): Promise<void> {
  const session = await sessions.begin(opening.volume, path, { sizeBytes: opening.sizeBytes, chunkBytes: opening.chunkBytes, hashKey: opening.hashKey });
  session.channels.add(channel);
  try {
    await channel.say({ kind: 'session', session: session.token });
    await onDisk(session, async () => tellInventory(channel, session, await dataChunksUnlessEmpty(path, session.geometry, qemuImg)));
    for (let frame = await channel.receive(); frame !== null; frame = await channel.receive()) {
      const request = channel.parse(frame, BlocksRequest);
      if (request.kind === 'verify') await onDisk(session, () => verify(channel, session, qemuImg));
      else {
        await onDisk(session, () => punchRanges(session, request.ranges));
        await channel.say({ kind: 'punched' });
      }
    }
  } catch (error) {
    // Before the other connections break, which says nothing.
    await channel.sayFailed(error);
    throw error;
  } finally {
    session.channels.delete(channel);
    await sessions.end(session);
  }
}

/** What goes wrong with the file is the storage's. */
export async function onDisk<T>({ volume, image: { path } }: BlocksSession, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof MigrationError) throw error;
    throw new MigrationError('StorageUnavailable', `write volume failed: ${volume}: ${messageOf(error)}`, { volume, path }, error);
  }
}

async function tellInventory(channel: Channel, { image, geometry }: BlocksSession, holdsData: Uint8Array, list?: DigestList): Promise<void> {
  const chunks = chunkCount(geometry);
  await takeInventory({ image, geometry, holdsData }, async (batch) => {
    if (list !== undefined) enterBatch(list, batch, chunks);
    await channel.send(FRAME.digests, batch);
  });
}

async function verify(channel: Channel, session: BlocksSession, qemuImg: string): Promise<void> {
  const beganAtMs = performance.now();
  await session.flush.settle();
  await session.image.sync();
  const syncMs = performance.now() - beganAtMs;
  const list = new DigestList(session.geometry);
  await tellInventory(channel, session, await dataChunks(session.image.path, session.geometry, qemuImg), list);
  await channel.say({ kind: 'verified', digest: list.combined(), syncMs });
}

async function punchRanges({ image, geometry: { sizeBytes, chunkBytes } }: BlocksSession, ranges: readonly (readonly [first: number, count: number])[]): Promise<void> {
  for (const [first, count] of ranges) {
    const startBytes = first * chunkBytes;
    const lengthBytes = Math.min(sizeBytes - startBytes, count * chunkBytes);
    if (lengthBytes > 0) await punch(image, startBytes, lengthBytes);
  }
}
