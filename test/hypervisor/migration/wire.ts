import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** Unix sockets that pass everything on to others until they are cut: then they take nothing and say nothing, as a network that was lost. */
export class Wire {
  readonly #servers: Server[] = [];
  readonly #sockets = new Set<Socket>();
  #cut = false;

  async lay(from: string, to: string): Promise<void> {
    const server = createServer({ pauseOnConnect: true }, (near) => {
      const far = connect(to);
      for (const [one, other] of [[near, far], [far, near]] as const) {
        this.#sockets.add(one);
        one.on('data', (bytes: Buffer) => {
          if (other.write(bytes)) return;
          one.pause();
          other.once('drain', () => { if (!this.#cut) one.resume(); });
        });
        one.on('error', () => undefined);
        one.on('close', () => {
          this.#sockets.delete(one);
          if (!this.#cut) other.destroy();
        });
      }
      if (this.#cut) far.pause();
      else near.resume();
    });
    server.listen(from);
    await once(server, 'listening');
    this.#servers.push(server);
  }

  cut(): void {
    this.#cut = true;
    for (const socket of this.#sockets) socket.pause();
  }

  close(): void {
    for (const server of this.#servers) server.close();
    for (const socket of this.#sockets) socket.destroy();
  }
}
