import { chmod, rm } from 'node:fs/promises';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { Duplex } from 'node:stream';
import { MigrationError, messageOf } from '../../../domain/errors.js';
import type { Endpoint } from '../../../domain/contracts/endpoint.js';
import type { ListenOn } from '../listen-spec.js';
import { PSK_IDENTITY, TLS_OPTIONS } from './secret.js';

export interface Listener {
  readonly endpoint: Endpoint;
  /** Closes the server and every connection. */
  close(): Promise<void>;
}

/** Listens, with TLS when there is a `pskHex`. Of a port range the first free one is taken. Throws `TransportFailed`. */
export async function listenOn(on: ListenOn, pskHex: string | null, onStream: (stream: Duplex) => void): Promise<Listener> {
  const sockets = new Set<Socket>();
  const server = pskHex === null ? createServer({ noDelay: true }, onStream) : tlsServer(pskHex, onStream);
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  const endpoint = await bind(server, on);
  // An accept that fails (too many open files) costs that connection only: the other side dials again.
  server.on('error', () => undefined);
  return {
    endpoint,
    async close() {
      const closed = new Promise((resolve) => { server.close(resolve); });
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

function tlsServer(pskHex: string, onStream: (stream: Duplex) => void): Server {
  const server = createTlsServer({
    ...TLS_OPTIONS,
    noDelay: true,
    handshakeTimeout: 5000,
    pskCallback: (_socket, identity) => (identity === PSK_IDENTITY ? Buffer.from(pskHex, 'hex') : null),
  }, onStream);
  // A stranger's failed handshake is his problem; his socket is closed by then.
  server.on('tlsClientError', () => undefined);
  return server;
}

async function bind(server: Server, on: ListenOn): Promise<Endpoint> {
  if (on.kind === 'unix') {
    await rm(on.path, { force: true });
    await tryBind(server, { path: on.path });
    await chmod(on.path, 0o600);
    return on;
  }
  for (let port = on.firstPort; port <= on.lastPort; port += 1) {
    try {
      await tryBind(server, { host: on.host, port });
      return { kind: 'tcp', host: on.host, port: (server.address() as AddressInfo).port };
    } catch (error) {
      if ((error as { cause?: NodeJS.ErrnoException }).cause?.code !== 'EADDRINUSE') throw error;
    }
  }
  throw new MigrationError('TransportFailed', `listen failed: ${on.host}: every port from ${on.firstPort} to ${on.lastPort} is in use`, { ...on });
}

async function tryBind(server: Server, where: { path: string } | { host: string; port: number }): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(where, () => {
      server.off('error', reject);
      resolve();
    });
  }).catch((error: unknown) => {
    throw new MigrationError('TransportFailed', `listen failed: ${JSON.stringify(where)}: ${messageOf(error)}`, where, error);
  });
}
