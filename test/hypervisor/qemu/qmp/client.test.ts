import { createServer, type Server, type Socket } from 'node:net';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { QmpClient, type QmpEvent } from '../../../../hypervisor/qemu/qmp/client.js';
import { Monitor } from '../../../../hypervisor/qemu/qmp/monitor.js';
import { startBareQemu, type BareQemu } from '../../support/bare-qemu.js';

let folder: string;
beforeEach(async () => { folder = await mkdtemp(join(tmpdir(), 'qmp-')); });
afterEach(async () => { await rm(folder, { recursive: true, force: true }); });

describe('QmpClient with a real QEMU', () => {
  let qemu: BareQemu;
  let client: QmpClient;
  beforeEach(async () => {
    qemu = startBareQemu(folder);
    client = await QmpClient.connect(qemu.qmpPath, { timeoutMs: 10_000 });
  });
  afterEach(async () => {
    client.close();
    await qemu.kill();
  });

  it('waits for the socket of a QEMU that is still starting, and answers', async () => {
    expect(await new Monitor(client).queryVersion()).toMatch(/^\d+\.\d+\.\d+$/);
  });

  it('reports a refused command with class, sentence and name', async () => {
    await expect(client.execute('no-such-command')).rejects.toMatchObject({
      code: 'QmpError', message: expect.stringMatching(/^QMP no-such-command failed: /) as string,
      facts: { class: 'CommandNotFound', command: 'no-such-command' },
    });
  });

  it('keeps many overlapping commands apart', async () => {
    const answers = await Promise.all([...Array(20).keys()].map((n) => client.execute('qom-get', { path: '/machine', property: n % 2 ? 'type' : 'graphics' })));
    expect(answers.map((a) => typeof a)).toEqual([...Array(20).keys()].map((n) => (n % 2 ? 'string' : 'boolean')));
  });

  it('delivers events before the answer of the command that caused them, with both clocks', async () => {
    const order: string[] = [];
    const events: QmpEvent[] = [];
    client.onEvent((event) => { order.push(event.event); events.push(event); });
    await client.execute('cont').then(() => order.push('answer'));
    expect(order).toEqual(['RESUME', 'answer']);
    expect(Math.abs(events[0]!.qemuTimeMs - Date.now())).toBeLessThan(5000);
    expect(events[0]!.receivedAtMs).toBeLessThanOrEqual(performance.now());
  });

  it('waits for the event that fits, and rejects with what the test of it throws', async () => {
    const stopped = client.waitForEvent((event) => event.event === 'STOP', 10_000);
    const broken = client.waitForEvent((event) => { throw new Error(`saw ${event.event}`); }, 10_000);
    const both = Promise.allSettled([stopped, broken]);
    await client.execute('cont');
    await client.execute('stop');
    expect(await both).toEqual([
      { status: 'fulfilled', value: expect.objectContaining({ event: 'STOP' }) as unknown },
      { status: 'rejected', reason: new Error('saw RESUME') },
    ]);
  });

  it('shuts a second client out, with a sentence that says so', async () => {
    await expect(QmpClient.connect(qemu.qmpPath, { timeoutMs: 100 })).rejects.toThrow(/no greeting in time.*another client/);
  });

  it('ends waits, commands and listeners when QEMU dies', async () => {
    const closed = new Promise<void>((resolve) => client.onClose(resolve));
    const waiting = client.waitForEvent(() => false, 60_000).catch((error: unknown) => error);
    await qemu.kill();
    await closed;
    expect(await waiting).toMatchObject({ facts: { class: 'ConnectionClosed' } });
    await expect(client.execute('query-status')).rejects.toMatchObject({ facts: { class: 'ConnectionClosed' } });
    expect(client.closed).toBe(true);
  });
});

describe('QmpClient with a partner that misbehaves', () => {
  let server: Server;
  let peers: Socket[];
  const listen = (onPeer: (socket: Socket) => void): Promise<string> => new Promise((resolve) => {
    const path = join(folder, 'qmp');
    peers = [];
    server = createServer((socket) => { peers.push(socket); socket.on('error', () => undefined); onPeer(socket); });
    server.listen(path, () => resolve(path));
  });
  afterEach(async () => {
    for (const peer of peers) peer.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  const greet = (socket: Socket): void => { socket.write('{"QMP": {"version": {}, "capabilities": []}}\r\n'); };

  it('puts messages together that arrive in pieces, and several in one', async () => {
    const path = await listen((socket) => {
      greet(socket);
      socket.on('data', (data) => {
        const { id } = JSON.parse(data.toString()) as { id: number };
        const answer = `{"event": "A", "timestamp": {"seconds": 1, "microseconds": 500}}\n{"return": {"ü": 1}, "id": ${id}}\n`;
        const bytes = Buffer.from(answer);
        socket.write(bytes.subarray(0, answer.length - 12));
        setImmediate(() => socket.write(bytes.subarray(answer.length - 12)));
      });
    });
    const client = await QmpClient.connect(path, { timeoutMs: 5000 });
    const seen: number[] = [];
    client.onEvent((event) => seen.push(event.qemuTimeMs));
    expect(await client.execute('x')).toEqual({ ü: 1 });
    expect(seen).toEqual([1000.5]);
    client.close();
  });

  it('gives a command up after its timeout, and the connection lives', async () => {
    const path = await listen((socket) => {
      greet(socket);
      socket.on('data', (data) => {
        const { execute, id } = JSON.parse(data.toString()) as { execute: string; id: number };
        if (execute !== 'silent') socket.write(`{"return": {}, "id": ${id}}\n`);
      });
    });
    const client = await QmpClient.connect(path, { timeoutMs: 5000 });
    await expect(client.execute('silent', {}, { timeoutMs: 20 })).rejects.toThrow('QMP silent failed: no answer within 20 ms');
    expect(await client.execute('loud')).toEqual({});
    client.close();
  });

  it('hangs up on a partner that does not speak QMP', async () => {
    const path = await listen((socket) => { socket.write('SSH-2.0-OpenSSH\n'); });
    await expect(QmpClient.connect(path, { timeoutMs: 5000 })).rejects.toThrow(/closed the connection/);
  });

  it('names the missing socket when nobody ever listens', async () => {
    await listen(() => undefined);
    await expect(QmpClient.connect(join(folder, 'none'), { timeoutMs: 20 })).rejects.toThrow(/none: ENOENT/);
  });

  it('refuses a path longer than a unix socket address', async () => {
    await listen(() => undefined);
    await expect(QmpClient.connect(`/${'x'.repeat(107)}`, { timeoutMs: 20 })).rejects.toThrow(/107 bytes/);
  });
});
