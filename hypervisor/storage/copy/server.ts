import { dirname, join } from 'node:path';
import type { Duplex } from 'node:stream';
import { MigrationError, messageOf } from '../../../domain/errors.js';
import type { Volid } from '../../../domain/ids.js';
import { serveChunks } from './blocks/serve-chunks.js';
import { serveControl } from './blocks/serve-control.js';
import { BlocksSessions } from './blocks/sessions.js';
import { serveSubvolume } from './btrfs/serve-subvolume.js';
import type { NbdExport } from './convert/nbd-export.js';
import { serveConvert, serveNbd } from './convert/serve-convert.js';
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
  /** For the sockets of exported images, of this user alone; its path is short. Without it no format can be changed. */
  readonly runDir?: string;
  readonly qemuImg?: string;
  readonly qemuNbd?: string;
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
  const { resolve, qemuImg = 'qemu-img', qemuNbd = 'qemu-nbd', rsync = 'rsync' } = options;
  const sessions = new BlocksSessions();
  const manifests = new Map<Volid, TreeManifest>();
  const exports = new Map<string, NbdExport>();
  const open = new Map<Channel, Promise<void>>();

  const writers = new Map<Volid, Channel>();

  /** A volume has one pass at a time (blocks see to it themselves): the earlier one may be an attempt that its source has given up. */
  const alone = async (channel: Channel, volume: Volid, pass: () => Promise<void>): Promise<void> => {
    for (let before = writers.get(volume); before !== undefined; before = writers.get(volume)) {
      before.destroy(new MigrationError('TransportFailed', `serve copy failed: ${volume}: a later pass has begun`));
      await open.get(before);
      if (writers.get(volume) === before) writers.delete(volume);
    }
    writers.set(volume, channel);
    await pass().finally(() => { if (writers.get(volume) === channel) writers.delete(volume); });
  };
  const handle = async (channel: Channel): Promise<void> => {
    const opening = await channel.hear(Opening);
    switch (opening.kind) {
      case 'blocks':
        return serveControl(channel, opening, await resolve(opening.volume), sessions, qemuImg);
      case 'blocks-data':
        return serveChunks(channel, sessions.find(opening.session));
      case 'tree':
        return alone(channel, opening.volume, async () => serveTree(channel, opening, await resolve(opening.volume), rsync));
      case 'tree-verify':
        return serveTreeVerification(channel, opening, treeOf(await resolve(opening.volume), opening.snapshot), manifests);
      case 'btrfs':
        return alone(channel, opening.volume, async () => serveSubvolume(channel, opening, await resolve(opening.volume)));
      case 'convert':
        return alone(channel, opening.volume, async () => serveConvert(channel, opening, await resolve(opening.volume), exports, { qemuImg, qemuNbd, runDir: required(options.runDir) }));
      case 'nbd':
        return serveNbd(channel, exported(exports, opening.session));
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

/** A received snapshot lies beside its volume. */
const treeOf = (path: string, snapshot: string | undefined): string => (snapshot === undefined ? path : join(dirname(path), snapshot));

function required(runDir: string | undefined): string {
  if (runDir === undefined) throw new MigrationError('StorageUnavailable', 'convert volume failed: this node has no place for the export');
  return runDir;
}

function exported(exports: ReadonlyMap<string, NbdExport>, token: string): NbdExport {
  const found = exports.get(token);
  if (found === undefined) throw new MigrationError('TransportFailed', 'convert volume failed: target: this export has ended');
  return found;
}
