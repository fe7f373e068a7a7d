import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Duplex, Transform } from 'node:stream';
import { createCopyServer, type CopyServer, type CopyServerOptions } from '../../../../hypervisor/storage/copy/server.js';

/** A source and a target on one machine, a real unix socket between them. Volumes of the target: `vol:<file name>`. */
export class CopyBench {
  readonly dir = mkdtempSync(join(tmpdir(), 'ferry-copy-'));
  readonly #servers: Server[] = [];
  readonly #sockets = new Set<Socket>();
  #copyServer: CopyServer | null = null;
  /** Bytes that left the source, of all connections. */
  wireBytes = 0;

  path(name: string): string {
    return join(this.dir, name);
  }

  async serve(options: Partial<CopyServerOptions> = {}): Promise<CopyServer> {
    const copyServer = createCopyServer({ resolve: (volume) => this.path(volume.slice('vol:'.length)), ...options });
    this.#copyServer = copyServer;
    const server = createServer((stream) => { void copyServer.serve(this.#keep(stream)); });
    server.listen(this.path('copy.sock'));
    this.#servers.push(server);
    await once(server, 'listening');
    return copyServer;
  }

  /** `spoil` sees and may change what the source sends. */
  readonly dial = async (): Promise<Duplex> => {
    const socket = this.#keep(connect(this.path('copy.sock')));
    await once(socket, 'connect');
    return socket;
  };

  readonly dialThrough = (spoil: (bytes: Buffer, connection: number) => Buffer): (() => Promise<Duplex>) => {
    let connections = 0;
    return async () => {
      const connection = connections;
      connections += 1;
      const socket = await this.dial();
      const change = new Transform({ transform: (bytes: Buffer, _encoding, done) => done(null, spoil(bytes, connection)) });
      change.on('error', () => socket.destroy());
      change.pipe(socket);
      return Duplex.from({ readable: socket, writable: change });
    };
  };

  /** As when the network is torn: everything that is open breaks. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  get openConnections(): number {
    return this.#sockets.size;
  }

  async close(): Promise<void> {
    for (const server of this.#servers) server.close();
    this.cut();
    await this.#copyServer?.close();
    rmSync(this.dir, { recursive: true, force: true });
  }

  #keep(socket: Socket): Socket {
    this.#sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => {
      this.wireBytes += socket.bytesWritten;
      this.#sockets.delete(socket);
    });
    return socket;
  }
}
