import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmod, mkdir, rm } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { Go } from '../messages.js';
import { Channel, type ChannelOptions } from '../wire/channel.js';
import { drain, pump } from '../wire/pipe.js';

/** A local socket that is, for a program here, the target's export. */
export interface NbdBridge {
  readonly socketPath: string;
  sentBytes(): number;
  /** Of the first connection that failed; null: none has. */
  failure(): unknown;
  close(): Promise<void>;
}

/** Each connection to the socket, made in `runDir` for this user alone, gets one of its own to the target. */
export async function openNbdBridge(runDir: string, session: string, dial: () => Promise<Duplex>, options: ChannelOptions): Promise<NbdBridge> {
  await mkdir(runDir, { recursive: true, mode: 0o700 });
  const socketPath = join(runDir, `nbd-${randomBytes(4).toString('hex')}.sock`);
  const open = new Map<Socket, Promise<void>>();
  let sentBytes = 0;
  let failure: unknown = null;

  const pass = async (socket: Socket): Promise<void> => {
    const channel = new Channel(await dial(), options);
    try {
      await channel.say({ kind: 'nbd', session });
      await channel.hear(Go);
      const [sent] = await Promise.all([pump(socket, channel), drain(channel, socket)]);
      sentBytes += sent;
    } finally {
      socket.destroy();
      await channel.close();
    }
  };
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => undefined);
    open.set(socket, pass(socket).catch((error: unknown) => {
      failure ??= error;
      socket.destroy();
    }).finally(() => open.delete(socket)));
  });
  server.listen(socketPath);
  await once(server, 'listening');
  await chmod(socketPath, 0o600);
  return {
    socketPath,
    sentBytes: () => sentBytes,
    failure: () => failure,
    async close() {
      server.close();
      const ends = [...open.values()];
      for (const socket of open.keys()) socket.destroy();
      await Promise.all(ends);
      await rm(socketPath, { force: true });
    },
  };
}
