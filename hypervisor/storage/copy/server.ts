import type { Duplex } from 'node:stream';
import { MigrationError, messageOf } from '../../../domain/errors.js';
import type { Volid } from '../../../domain/ids.js';
import { serveChunks } from './blocks/serve-chunks.js';
import { serveControl } from './blocks/serve-control.js';
import { BlocksSessions } from './blocks/sessions.js';
import { Opening } from './messages.js';
import type { TreeManifest } from './tree/manifest.js';
import { serveTree } from './tree/serve-tree.js';
import { serveTreeVerification } from './tree/verify-tree.js';
import { Channel } from './wire/channel.js';

export interface CopyServerOptions {
  /**
   * Where a volume lies on this node, by this node's own storages: nothing but names comes over the wire. Throws for a
   * volume that is not one this migration may write.
   */
  resolve(volume: Volid): Promise<string> | string;
  /** As on the source (default 10 000). */
  readonly silenceMs?: number;
  readonly qemuImg?: string;
  readonly rsync?: string;
}

/** The target's side of all copying: every accepted, authenticated connection of a migration is handed to it. */
export interface CopyServer {
  /** Serves one connection to its end. Never throws: the source is told what went wrong. */
  serve(stream: Duplex): Promise<void>;
  /** Ends every connection and waits until nothing is written any more. */
  close(): Promise<void>;
}

export function createCopyServer(options: CopyServerOptions): CopyServer {
  const sessions = new BlocksSessions();
  const manifests = new Map<Volid, TreeManifest>();
  const open = new Map<Channel, Promise<void>>();

  const handle = async (channel: Channel): Promise<void> => {
    const opening = await channel.hear(Opening);
    switch (opening.kind) {
      case 'blocks':
        return serveControl(channel, opening, await options.resolve(opening.volume), sessions, options.qemuImg ?? 'qemu-img');
      case 'blocks-data':
        return serveChunks(channel, sessions.find(opening.session));
      case 'tree':
        return serveTree(channel, opening, await options.resolve(opening.volume), options.rsync ?? 'rsync');
      case 'tree-verify':
        return serveTreeVerification(channel, opening, await options.resolve(opening.volume), manifests);
    }
  };
  const serve = async (channel: Channel): Promise<void> => {
    try {
      await handle(channel);
    } catch (error) {
      await channel.sayFailed(error instanceof MigrationError ? error : new MigrationError('Internal', `serve copy failed: ${messageOf(error)}`, {}, error));
    }
    await channel.close();
  };

  return {
    serve(stream) {
      const channel = new Channel(stream, { subject: 'serve copy', silenceMs: options.silenceMs });
      const served = serve(channel).finally(() => open.delete(channel));
      open.set(channel, served);
      return served;
    },
    async close() {
      for (const channel of open.keys()) channel.destroy(new MigrationError('TransportFailed', 'serve copy failed: this node ends the migration'));
      await Promise.all(open.values());
    },
  };
}
