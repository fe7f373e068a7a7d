import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import type { Endpoint } from '../../../../domain/contracts/endpoint.js';
import { createHandoffClient, type HandoffAnswer, type HandoffClient, type HandoffClientOptions } from '../../../../hypervisor/transport/handoff/client.js';
import { dialTcp, dialTls, dialUnix } from '../../../../hypervisor/transport/handoff/dial.js';
import { createHandoffServer, type HandoffServer, type HandoffServerOptions } from '../../../../hypervisor/transport/handoff/server.js';
import type { ListenOn } from '../../../../hypervisor/transport/listen-spec.js';

export const REF = { vmid: 101, epoch: '0b0c8a1e-7a55-4d0c-9f64-000000000001' };
export const COMMITTED: HandoffAnswer = { kind: 'committed', commitMs: 3.5, resumeMs: 1, committedAt: '2026-01-01T00:00:00.000Z' };
export type Kind = 'unix' | 'tcp' | 'tls';
export type TcpEndpoint = Extract<Endpoint, { kind: 'tcp' }>;

const SECRET = 'ab'.repeat(32);
const PROTECTION = { unix: 'none', tcp: 'challenge', tls: 'tls' } as const;

/** Servers and clients of one test, with what ends them. */
export class Bench {
  readonly dir = mkdtempSync(join(tmpdir(), 'ferry-handoff-'));
  readonly #cleanups: (() => unknown)[] = [];

  async serve(kind: Kind, changes: Partial<HandoffServerOptions> = {}): Promise<HandoffServer> {
    const listen: ListenOn = kind === 'unix' ? { kind, path: join(this.dir, 'handoff.sock') } : { kind: 'tcp', host: '127.0.0.1', firstPort: 0, lastPort: 0 };
    const server = await createHandoffServer({
      ...REF, listen, protection: PROTECTION[kind], secret: kind === 'unix' ? null : SECRET, onHandover: () => Promise.resolve(COMMITTED), ...changes,
    });
    this.#cleanups.push(() => server.close());
    return server;
  }

  connect(kind: Kind, endpoint: Endpoint, changes: Partial<HandoffClientOptions> = {}, secret = SECRET): { client: HandoffClient; streams: Duplex[] } {
    const streams: Duplex[] = [];
    const dial = async (): Promise<Duplex> => {
      const stream = endpoint.kind === 'unix' ? await dialUnix(endpoint.path) : kind === 'tls' ? await dialTls(endpoint, secret) : await dialTcp(endpoint);
      streams.push(stream);
      return stream;
    };
    const client = createHandoffClient({ ...REF, dial, secret: kind === 'tcp' ? secret : null, ...changes });
    this.#cleanups.push(() => client.close());
    return { client, streams };
  }

  async close(): Promise<void> {
    for (const cleanup of this.#cleanups.reverse()) await cleanup();
    rmSync(this.dir, { recursive: true, force: true });
  }
}

export const armed = (client: HandoffClient): Promise<void> => new Promise((resolve) => {
  if (client.armed) return resolve();
  const stop = client.onArmed(() => { stop(); resolve(); });
});

export const lost = (client: HandoffClient): Promise<void> => new Promise((resolve) => {
  const stop = client.onLost(() => { stop(); resolve(); });
});

/** Waits for the first failed attempt. */
export async function trouble(client: HandoffClient): Promise<string> {
  while (client.trouble === undefined) await new Promise((resolve) => { setTimeout(resolve, 5); });
  return client.trouble.message;
}
