import { randomBytes } from 'node:crypto';
import { MigrationError, messageOf } from '../../../../domain/errors.js';
import type { Volid } from '../../../../domain/ids.js';
import type { Channel } from '../wire/channel.js';
import { FlushBehind } from './flush-behind.js';
import type { Geometry } from './geometry.js';
import { ImageFile } from './image-file.js';

/** One pass over one volume, on the target: its control connection, and those that bring chunks. */
export interface BlocksSession {
  readonly token: string;
  readonly volume: Volid;
  readonly geometry: Geometry;
  readonly image: ImageFile;
  readonly flush: FlushBehind;
  readonly channels: Set<Channel>;
  /** Waited for before the file is closed. */
  readonly writes: Set<Promise<void>>;
}

/** A volume has one pass at a time: whoever begins a new one ends the old one, and waits for what it still writes. */
export class BlocksSessions {
  readonly #sessions = new Map<Volid, { readonly session: Promise<BlocksSession>; end(): Promise<void> }>();
  readonly #byToken = new Map<string, BlocksSession>();

  async begin(volume: Volid, path: string, geometry: Geometry): Promise<BlocksSession> {
    for (let old = this.#sessions.get(volume); old !== undefined; old = this.#sessions.get(volume)) await old.end();
    const session = openSession(volume, path, geometry);
    let ended: Promise<void> | null = null;
    const entry = { session, end: () => (ended ??= this.#finish(volume, session)) };
    this.#sessions.set(volume, entry);
    try {
      const opened = await session;
      this.#byToken.set(opened.token, opened);
      return opened;
    } catch (error) {
      this.#sessions.delete(volume);
      throw error;
    }
  }

  find(token: string): BlocksSession {
    const session = this.#byToken.get(token);
    if (session === undefined) throw new MigrationError('TransportFailed', 'copy volume failed: target: this pass has ended there');
    return session;
  }

  /** Ends this pass, if it is still the volume's. */
  async end({ volume, token }: BlocksSession): Promise<void> {
    if (this.#byToken.has(token)) await this.#sessions.get(volume)?.end();
  }

  async #finish(volume: Volid, opening: Promise<BlocksSession>): Promise<void> {
    const session = await opening.catch(() => null);
    if (session !== null) {
      this.#byToken.delete(session.token);
      for (const channel of session.channels) channel.destroy(new MigrationError('TransportFailed', `copy volume failed: ${volume}: this pass has ended`));
      await Promise.allSettled(session.writes);
      await session.flush.settle();
      await session.image.close();
    }
    this.#sessions.delete(volume);
  }
}

async function openSession(volume: Volid, path: string, geometry: Geometry): Promise<BlocksSession> {
  try {
    const image = await ImageFile.open(path, 'r+');
    // Longer: a hole. Shorter: what is behind is not the source's.
    await image.truncate(geometry.sizeBytes).catch(async (error: unknown) => {
      await image.close();
      throw error;
    });
    return { token: randomBytes(16).toString('hex'), volume, geometry, image, flush: new FlushBehind(image), channels: new Set(), writes: new Set() };
  } catch (error) {
    throw new MigrationError('StorageUnavailable', `open volume failed: ${volume}: ${messageOf(error)}`, { volume, path }, error);
  }
}
