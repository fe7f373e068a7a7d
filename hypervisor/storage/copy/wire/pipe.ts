import type { Readable, Writable } from 'node:stream';
import { MigrationError } from '../../../../domain/errors.js';
import type { Channel } from './channel.js';
import { FRAME } from './frame.js';

/** A part of a frame larger than that is passed on in pieces. */
const PIECE_BYTES = 256 * 1024;

/** Sends what `from` brings, then says that it has ended, unless more follows. Returns the bytes. */
export async function pump(from: Readable, channel: Channel, { after = 'ends', alongside }: { readonly after?: 'ends' | 'stays'; alongside?(piece: Buffer): void } = {}): Promise<number> {
  let bytes = 0;
  for await (const piece of from as AsyncIterable<Buffer>) {
    await channel.send(FRAME.data, undefined, [piece]);
    bytes += piece.length;
    alongside?.(piece);
  }
  if (after === 'ends') await channel.send(FRAME.end);
  return bytes;
}

/** Passes what the peer sends on to `to` until the peer says that it has ended, and ends it. Returns the bytes. */
export async function drain(channel: Channel, to: Writable): Promise<number> {
  let bytes = 0;
  for (;;) {
    const frame = await channel.receive();
    if (frame?.kind === FRAME.end) break;
    if (frame?.kind !== FRAME.data) throw new MigrationError('TransportFailed', 'pass stream on failed: the peer left before its end');
    for (let left = frame.bodyBytes; left > 0;) {
      const piece = Buffer.allocUnsafe(Math.min(left, PIECE_BYTES));
      await channel.readBody(piece);
      left -= piece.length;
      await write(to, piece);
    }
    bytes += frame.bodyBytes;
  }
  to.end();
  return bytes;
}

/** What nobody takes any more is dropped: whoever closed tells why by other means. */
async function write(to: Writable, piece: Buffer): Promise<void> {
  if (to.destroyed || to.write(piece)) return;
  await new Promise<void>((resolve) => {
    const goOn = (): void => {
      to.off('drain', goOn);
      to.off('close', goOn);
      resolve();
    };
    to.on('drain', goOn);
    to.on('close', goOn);
  });
}
