import { statSync } from 'node:fs';
import { Server } from 'node:net';
import { join } from 'node:path';
import type { ListenOn } from '../../../../hypervisor/transport/listen-spec.js';
import { Bench, armed, type Kind, type TcpEndpoint } from './bench.js';

let bench: Bench;
beforeEach(() => { bench = new Bench(); });
afterEach(() => bench.close());

test('a port range is tried in order; a full one is an error that names it', async () => {
  const { port } = (await bench.serve('tcp')).endpoint as TcpEndpoint;
  const range = (lastPort: number): ListenOn => ({ kind: 'tcp', host: '127.0.0.1', firstPort: port, lastPort });
  await expect(bench.serve('tcp', { listen: range(port) })).rejects.toMatchObject({ code: 'TransportFailed', message: expect.stringContaining(`from ${port} to ${port} is in use`) as string });
  const second = (await bench.serve('tcp', { listen: range(port + 20) })).endpoint as TcpEndpoint;
  expect(second.port).toBeGreaterThan(port);
});

test('an address that is not of this node is an error at once', async () => {
  const listen: ListenOn = { kind: 'tcp', host: '192.0.2.1', firstPort: 60000, lastPort: 60050 };
  await expect(bench.serve('tcp', { listen })).rejects.toMatchObject({ code: 'TransportFailed', message: expect.stringContaining('EADDRNOTAVAIL') as string });
});

test('without a secret nothing but a unix socket is listened on', async () => {
  await expect(bench.serve('tcp', { secret: null })).rejects.toMatchObject({ code: 'Internal' });
  await expect(bench.serve('tls', { secret: null })).rejects.toMatchObject({ code: 'Internal' });
});

test('the unix socket is this user\'s only, replaces one left by a crash, and is gone when closed', async () => {
  await bench.serve('unix');
  const server = await bench.serve('unix');
  expect(statSync(join(bench.dir, 'handoff.sock')).mode & 0o777).toBe(0o600);
  await server.close();
  expect(() => statSync(join(bench.dir, 'handoff.sock'))).toThrow('ENOENT');
});

test.each<Kind>(['unix', 'tcp', 'tls'])('a %s listener outlives an accept that failed (too many open files)', async (kind) => {
  const listen = jest.spyOn(Server.prototype, 'listen');
  const { endpoint } = await bench.serve(kind);
  const server = listen.mock.contexts.at(-1) as Server;
  listen.mockRestore();
  server.emit('error', Object.assign(new Error('accept EMFILE'), { code: 'EMFILE' }));
  await armed(bench.connect(kind, endpoint).client);
});
