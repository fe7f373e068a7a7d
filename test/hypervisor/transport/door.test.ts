import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { checkAtDoor, proveAtDoor } from '../../../hypervisor/transport/door.js';
import { dialTcp } from '../../../hypervisor/transport/handoff/dial.js';

const SECRET = 'ab'.repeat(32);
let server: Server;
const sockets = new Set<Socket>();

async function listening(secret: string, onStream: (stream: Socket) => void): Promise<{ readonly host: string; readonly port: number; readonly refused: Promise<unknown> }> {
  let refuse: (error: unknown) => void = () => undefined;
  const refused = new Promise((resolve) => { refuse = resolve; });
  server = createServer((socket) => {
    sockets.add(socket);
    checkAtDoor(socket, secret).then(() => onStream(socket), refuse);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { host: '127.0.0.1', port: (server.address() as AddressInfo).port, refused };
}

afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  sockets.clear();
  await new Promise((resolve) => { server.close(resolve); });
});

test('who knows the secret gets in, and what is sent at once arrives whole', async () => {
  const arrived = new Promise<Buffer>((resolve) => {
    void listening(SECRET, (stream) => {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        if (Buffer.concat(chunks).length === 200_000) resolve(Buffer.concat(chunks));
      });
    }).then(async (at) => {
      const stream = await proveAtDoor(await dialTcp(at), SECRET);
      sockets.add(stream as Socket);
      stream.write(Buffer.alloc(200_000, 7));
    });
  });
  expect((await arrived).every((byte) => byte === 7)).toBe(true);
});

test('who does not know it is refused on both sides', async () => {
  const at = await listening(SECRET, () => undefined);
  await expect(proveAtDoor(await dialTcp(at), 'cd'.repeat(32))).rejects.toThrow(/does not know the secret/);
  expect(String(await at.refused)).toMatch(/closed the connection|ECONNRESET/);
});

test('garbage is refused', async () => {
  const at = await listening(SECRET, () => undefined);
  const stream = await dialTcp(at);
  stream.on('error', () => undefined).write(`${'x'.repeat(5000)}`);
  expect(String(await at.refused)).toMatch(/line is too long/);
});
