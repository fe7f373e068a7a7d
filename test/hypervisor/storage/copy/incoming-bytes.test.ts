import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { PassThrough, type Duplex } from 'node:stream';
import { IncomingBytes } from '../../../../hypervisor/storage/copy/wire/incoming-bytes.js';
import { readIntoOwn } from '../../../../hypervisor/storage/copy/wire/own-memory.js';
import { MIB } from '../support/images.js';

interface Pair {
  /** Where bytes are written. */
  readonly far: Duplex;
  /** Where they come. */
  readonly near: Duplex;
}

let server: Server | null = null;
const open: Duplex[] = [];
afterEach(() => {
  for (const stream of open.splice(0)) stream.destroy();
  server?.close();
  server = null;
});

async function accepted(): Promise<Pair> {
  server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const far = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const [near] = await once(server, 'connection') as [Socket];
  open.push(far, near);
  return { far, near };
}

const piped = (): Promise<Pair> => {
  const both = new PassThrough();
  open.push(both);
  return Promise.resolve({ far: both, near: both });
};

const KINDS = [['a socket that was accepted', accepted], ['any other stream', piped]] as const;

describe.each(KINDS)('%s', (_, pair) => {
  test('brings everything in its order, whatever the portions on both sides', async () => {
    const { far, near } = await pair();
    const bytes = randomBytes(12 * MIB + 12_345);
    // What came with a line before stays in the stream.
    near.unshift(bytes.subarray(0, 100));
    const incoming = new IncomingBytes(near);
    for (let at = 100, n = 0; at < bytes.length; n += 1) {
      const length = [1, 17, 70_000, MIB, 65_536, 300_001][n % 6] as number;
      far.write(bytes.subarray(at, at + length));
      at += length;
    }
    far.end();
    for (let at = 0, n = 0; at < bytes.length; n += 1) {
      const into = Buffer.alloc(Math.min(bytes.length - at, [17, 40, MIB, 5, 2 * MIB + 1, 65_535][n % 6] as number));
      expect(await incoming.fill(into)).toBe(true);
      expect(into.equals(bytes.subarray(at, at + into.length))).toBe(true);
      at += into.length;
    }
    expect(await incoming.fill(Buffer.alloc(1))).toBe(false);
  });

  test('ends in the middle of what is asked for: told', async () => {
    const { far, near } = await pair();
    const incoming = new IncomingBytes(near);
    const filling = incoming.fill(Buffer.alloc(MIB));
    far.write(randomBytes(MIB / 2));
    far.end();
    await expect(filling).rejects.toThrow('the peer closed the connection in the middle of a frame');
  });

  test('is paused while nobody reads, and goes on when somebody does', async () => {
    const { far, near } = await pair();
    const incoming = new IncomingBytes(near);
    const bytes = randomBytes(32 * MIB);
    const paused = new Promise<void>((resolve) => {
      const pause = near.pause.bind(near);
      near.pause = () => { resolve(); return pause(); };
    });
    far.end(bytes);
    await paused;
    const into = Buffer.alloc(bytes.length);
    expect(await incoming.fill(into)).toBe(true);
    expect(into.equals(bytes)).toBe(true);
  });
});

test('this Node lets an accepted socket read into our memory', async () => {
  const { near } = await accepted();
  expect(readIntoOwn(near, { next: () => Buffer.alloc(65_536), took: () => undefined })).toBe(true);
  expect(readIntoOwn(new PassThrough(), { next: () => Buffer.alloc(65_536), took: () => undefined })).toBe(false);
});
