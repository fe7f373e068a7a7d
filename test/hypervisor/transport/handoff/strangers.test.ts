import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { dialTcp, dialUnix } from '../../../../hypervisor/transport/handoff/dial.js';
import { Bench, COMMITTED, REF, armed, lost, trouble, type Kind, type TcpEndpoint } from './bench.js';

let bench: Bench;
beforeEach(() => { bench = new Bench(); });
afterEach(() => bench.close());

test.each<[Kind, RegExp]>([['tcp', /does not know the secret/], ['tls', /alert|binder/]])('over %s the wrong secret is not armed', async (kind, words) => {
  const onHandover = jest.fn(() => Promise.resolve(COMMITTED));
  const server = await bench.serve(kind, { onHandover });
  const { client } = bench.connect(kind, server.endpoint, {}, 'cd'.repeat(32));
  expect(await trouble(client)).toMatch(words);
  expect(client.armed).toBe(false);
});

test('over tcp a stranger who skips, guesses or mirrors the proof is closed', async () => {
  const onHandover = jest.fn(() => Promise.resolve(COMMITTED));
  const server = await bench.serve('tcp', { onHandover });
  const hello = { type: 'hello', ...REF };
  const handover = { type: 'handover', statement: { completed: true } };
  const zeroes = '0'.repeat(64);
  for (const attack of [[hello, handover], [{ type: 'challenge', nonce: zeroes }, { type: 'proof', mac: zeroes }, hello, handover], [{ type: 'proof', mac: zeroes }, hello, handover]]) {
    const stream = await dialTcp(server.endpoint as TcpEndpoint);
    const closed = once(stream, 'close');
    stream.on('error', () => undefined).resume();
    stream.write(attack.map((message) => `${JSON.stringify(message)}\n`).join(''));
    await closed;
  }
  const mirror = await dialTcp(server.endpoint as TcpEndpoint);
  const closed = once(mirror, 'close');
  mirror.on('error', () => undefined).write(`${JSON.stringify({ type: 'challenge', nonce: zeroes })}\n`);
  createInterface({ input: mirror }).on('error', () => undefined).on('line', (line) => {
    const { mac } = JSON.parse(line) as { mac?: string };
    mirror.write(`${JSON.stringify({ type: 'proof', mac })}\n${JSON.stringify(hello)}\n${JSON.stringify(handover)}\n`);
  });
  await closed;
  expect(onHandover).not.toHaveBeenCalled();
});

test.each(['hello\n', '{"type":"handover","statement":{"completed":false}}\n', '[]\n', 'x'.repeat(70_000)])('garbage closes the connection, and the others go on (%#)', async (garbage) => {
  const server = await bench.serve('unix');
  const { client } = bench.connect('unix', server.endpoint);
  await armed(client);
  const stream = await dialUnix(join(bench.dir, 'handoff.sock'));
  const closed = once(stream, 'close');
  stream.on('error', () => undefined).resume().write(garbage);
  await closed;
  expect(client.armed).toBe(true);
  await expect(client.handOver({ completed: true })).resolves.toEqual(COMMITTED);
});

test('a peer that falls silent is noticed within 3 s, on both ends', async () => {
  const mute: Server = createServer((socket) => { socket.on('error', () => undefined).resume().write('{"type":"armed"}\n'); }).listen(0, '127.0.0.1');
  await once(mute, 'listening');
  const { port } = mute.address() as AddressInfo;
  const { client } = bench.connect('unix', { kind: 'unix', path: '' }, { dial: () => dialTcp({ host: '127.0.0.1', port }) });
  const server = await bench.serve('unix');
  await armed(client);
  const begun = performance.now();
  const stream = await dialUnix((server.endpoint as { path: string }).path);
  stream.resume().write(`${JSON.stringify({ type: 'hello', ...REF })}\n`);
  await Promise.all([lost(client), once(stream, 'close')]);
  expect(performance.now() - begun).toBeLessThan(3000);
  expect(client.trouble?.message).toContain('nothing heard for 2500 ms');
  await client.close();
  mute.close();
  await once(mute, 'close');
}, 10_000);

test('a talking peer stays armed longer than the silence allowed', async () => {
  const server = await bench.serve('unix');
  const { client } = bench.connect('unix', server.endpoint);
  await armed(client);
  const onLost = jest.fn();
  client.onLost(onLost);
  await new Promise((resolve) => { setTimeout(resolve, 3000); });
  expect(onLost).not.toHaveBeenCalled();
}, 10_000);
