import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { LivePlan } from '../../../domain/contracts/plan.js';
import type { MigrationType } from '../../../domain/contracts/request.js';
import { adoptChannels, openChannels, prepareSsh, type Channels, type ChannelsOptions } from '../../../hypervisor/transport/channels.js';
import { createHandoffServer, type HandoffServer } from '../../../hypervisor/transport/handoff/server.js';
import { clearRunPath, listenSpec, runPath, type ListenOn } from '../../../hypervisor/transport/listen-spec.js';
import { writePskFile } from '../../../hypervisor/transport/psk-file.js';
import { parseTunnelRecord } from '../../../hypervisor/transport/ssh/tunnel-record.js';
import { COMMITTED, REF, armed, lost } from './handoff/bench.js';
import { startSshd, type TestSshd } from './sshd.js';

const SECRET = 'ab'.repeat(32);
const PORTS = { firstPort: 0, lastPort: 0 };

let dir: string;
let sshd: TestSshd;
let closing: (() => unknown)[];
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'ferry-channels-'));
  sshd = await startSshd(dir);
});
afterAll(async () => {
  await sshd.stop();
  rmSync(dir, { recursive: true, force: true });
});
beforeEach(() => { closing = []; });
afterEach(async () => {
  for (const close of closing.reverse()) await close();
});

function planOf(type: MigrationType): LivePlan {
  return {
    vmid: REF.vmid, name: 'web', source: 'pve1', target: 'pve2', mode: 'live', machine: 'pc-i440fx-10.0', keepPaused: false, memoryBytes: 1, disks: [], bandwidthBytesPerSecond: null,
    transport: { type, network: null, sourceAddress: '127.0.0.1', targetAddress: '127.0.0.1', multifdChannels: 0 },
    policy: { initialDowntimeLimitMs: 100, maxDowntimeLimitMs: 300 } as unknown as LivePlan['policy'],
  };
}

/** A target: something that echoes in place of QEMU's RAM and NBD, and a real handoff server. Returns what a source would open. */
async function target(type: MigrationType): Promise<{ options: ChannelsOptions; handoff: HandoffServer }> {
  const plan = planOf(type);
  const spec = await listenSpec(plan, REF, join(dir, 'target'), PORTS);
  const [ram, nbd] = [await echo(spec.ram), await echo(spec.nbd)];
  const handoff = await createHandoffServer({
    ...REF, listen: spec.handoff, protection: type === 'secure' ? 'none' : type === 'tls' ? 'tls' : 'challenge', secret: type === 'secure' ? null : SECRET,
    onHandover: () => Promise.resolve(COMMITTED),
  });
  closing.push(() => handoff.close());
  const { port, user, identityFile, knownHostsFile, timeoutMs } = sshd.target;
  return {
    handoff,
    options: {
      plan, ref: REF, runDir: join(dir, 'source'), sshConfig: { port, user, identityFile, knownHostsFile, timeoutMs }, secret: type === 'secure' ? null : SECRET,
      endpoints: { ram: endpointOf(spec.ram, ram), nbd: endpointOf(spec.nbd, nbd), handoff: handoff.endpoint, exports: [] },
    },
  };
}

async function echo(on: ListenOn): Promise<Server> {
  const server = createServer((socket) => { socket.on('error', () => undefined).pipe(socket); });
  server.listen(on.kind === 'unix' ? { path: on.path } : { host: on.host, port: on.firstPort });
  await once(server, 'listening');
  closing.push(async () => {
    server.close();
    await once(server, 'close');
  });
  return server;
}

function endpointOf(on: ListenOn, server: Server): ChannelsOptions['endpoints']['ram'] {
  const address = server.address();
  return on.kind === 'unix' ? on : { kind: 'tcp', host: on.host, port: address !== null && typeof address === 'object' ? address.port : 0 };
}

async function echoed(address: Channels['ram'], word: string): Promise<string> {
  const socket = address.type === 'unix' ? connect(address.path) : connect(Number(address.port), address.host);
  socket.end(word);
  return text(socket);
}

const opened = async (channels: Promise<Channels>): Promise<Channels> => {
  const open = await channels;
  closing.push(() => open.close());
  return open;
};

test.each<MigrationType>(['secure', 'insecure', 'tls'])('%s: RAM, NBD and the hand-over arrive, and nothing is left when closed', async (type) => {
  const { options } = await target(type);
  const begun = performance.now();
  const channels = await opened(openChannels({ ...options, sshConnection: type === 'secure' ? await prepareSsh(options.plan, options.sshConfig) : undefined }));
  await armed(channels.handoff);
  console.log(`channels, ${type}: armed after ${(performance.now() - begun).toFixed(0)} ms`);
  expect(channels.ram.type).toBe(type === 'secure' ? 'unix' : 'inet');
  await expect(echoed(channels.ram, 'ram')).resolves.toBe('ram');
  await expect(echoed(channels.nbd ?? channels.ram, 'nbd')).resolves.toBe('nbd');
  const sent = performance.now();
  await expect(channels.handoff.handOver({ completed: true })).resolves.toEqual(COMMITTED);
  console.log(`channels, ${type}: HANDOVER and answer ${(performance.now() - sent).toFixed(2)} ms`);
  await channels.close();
  const left = runPath(options.runDir, REF);
  expect(existsSync(left) ? readdirSync(left) : []).toEqual([]);
});

test('secure: the death of ssh breaks the data, while the handoff comes back by itself over a new connection', async () => {
  const { options } = await target('secure');
  const channels = await opened(openChannels(options));
  await armed(channels.handoff);
  const broken = new Promise((resolve) => { channels.onBroken(resolve); });
  const gone = lost(channels.handoff);
  sshd.dropSessions();
  await expect(broken).resolves.toMatchObject({ code: 'TransportFailed' });
  await gone;
  await armed(channels.handoff);
  await expect(channels.handoff.handOver({ completed: true })).resolves.toEqual(COMMITTED);
});

test('secure: after an agent restart the journaled tunnel goes on', async () => {
  const { options } = await target('secure');
  const before = await opened(openChannels(options));
  const stream = connect((before.ram as { path: string }).path);
  stream.write('before');
  expect(String((await once(stream, 'data'))[0])).toBe('before');
  const journaled: unknown = JSON.parse(JSON.stringify(before.tunnel));
  await before.detach();
  const after = await opened(adoptChannels(options, parseTunnelRecord(journaled)));
  expect(after).toMatchObject({ ram: before.ram, nbd: before.nbd, tunnel: before.tunnel });
  stream.end('after');
  await expect(text(stream)).resolves.toBe('after');
  await armed(after.handoff);
  await after.close();
});

test('secure: after an agent restart without its tunnel, a finished guest can still be handed over', async () => {
  const { options } = await target('secure');
  const before = await openChannels(options);
  await before.close();
  const after = await opened(adoptChannels(options, before.tunnel));
  const broken = jest.fn();
  after.onBroken(broken);
  expect(broken).toHaveBeenCalledWith(expect.objectContaining({ code: 'TransportFailed' }));
  await expect(after.handoff.handOver({ completed: true })).resolves.toEqual(COMMITTED);
});

test('endpoints that do not fit the transport, and a missing secret, are refused', async () => {
  const { options } = await target('insecure');
  await expect(openChannels({ ...options, plan: planOf('secure') })).rejects.toMatchObject({ code: 'Internal' });
  await expect(openChannels({ ...options, secret: null })).rejects.toMatchObject({ code: 'Internal' });
});

test('the target listens in a directory of this epoch only, or on the migration address', async () => {
  const runDir = join(dir, 'spec');
  const secure = await listenSpec(planOf('secure'), REF, runDir, { firstPort: 60000, lastPort: 60050 });
  const base = join(runDir, '101-000000000001');
  expect(secure).toEqual({ ram: { kind: 'unix', path: join(base, 'ram.sock') }, nbd: { kind: 'unix', path: join(base, 'nbd.sock') }, handoff: { kind: 'unix', path: join(base, 'handoff.sock') } });
  expect(statSync(base).mode & 0o777).toBe(0o700);
  const range: ListenOn = { kind: 'tcp', host: '127.0.0.1', firstPort: 60000, lastPort: 60050 };
  await expect(listenSpec(planOf('tls'), REF, runDir, range)).resolves.toEqual({ ram: range, nbd: range, handoff: range });
  await clearRunPath(runDir, REF);
  expect(existsSync(base)).toBe(false);
  await expect(listenSpec(planOf('secure'), REF, join(runDir, 'x'.repeat(90)), PORTS)).rejects.toMatchObject({ code: 'InvalidInput' });
});

test('the key file is what QEMU reads, for this user only', async () => {
  const psk = join(dir, 'psk');
  await writePskFile(psk, SECRET);
  await writePskFile(psk, SECRET);
  expect(readFileSync(join(psk, 'keys.psk'), 'utf8')).toBe(`qemu:${SECRET}\n`);
  expect([statSync(psk).mode & 0o777, statSync(join(psk, 'keys.psk')).mode & 0o777]).toEqual([0o700, 0o600]);
});
