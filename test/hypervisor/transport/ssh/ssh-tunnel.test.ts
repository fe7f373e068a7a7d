import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { startTimeOf } from '../../../../hypervisor/process.js';
import { isAlive } from '../../../../hypervisor/transport/ssh/process-identity.js';
import { forwardSpec, tunnelArguments } from '../../../../hypervisor/transport/ssh/ssh-arguments.js';
import { adoptTunnel, closeTunnel, openSshTunnel, type TunnelOptions } from '../../../../hypervisor/transport/ssh/ssh-tunnel.js';
import { closeTunnelsInto } from '../../../../hypervisor/transport/ssh/stray-tunnels.js';
import { parseTunnelRecord, readTunnelRecord } from '../../../../hypervisor/transport/ssh/tunnel-record.js';
import { startChild } from '../../child.js';
import { startSshd, type TestSshd } from '../sshd.js';

let dir: string;
let run: string;
let sshd: TestSshd;
let remote: Server;
let accepted: number;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'ferry-tunnel-'));
  sshd = await startSshd(dir);
});
afterAll(async () => {
  await sshd.stop();
  rmSync(dir, { recursive: true, force: true });
});
beforeEach(async () => {
  run = mkdtempSync(join(dir, 'run-'));
  accepted = 0;
  remote = createServer((socket) => { accepted += 1; socket.on('error', () => undefined).pipe(socket); }).listen(join(run, 'remote.sock'));
  await once(remote, 'listening');
});
afterEach(async () => {
  const record = readTunnelRecord(join(run, 'tunnel.json'));
  if (record !== null) await closeTunnel(record);
  remote.close();
  await once(remote, 'close');
});

const options = (changes: Partial<TunnelOptions> = {}): TunnelOptions => ({
  ...sshd.target,
  forwards: ['ram', 'nbd'].map((name) => ({ localPath: join(run, `${name}.sock`), remotePath: join(run, 'remote.sock') })),
  pidRecord: join(run, 'tunnel.json'),
  ...changes,
});

async function echoed(path: string, word: string): Promise<string> {
  const socket = connect(path);
  socket.end(word);
  return text(socket);
}

test('an open tunnel carries bytes, over sockets of this user only, and leaves nothing when closed (figure printed)', async () => {
  const begun = performance.now();
  const tunnel = await openSshTunnel(options());
  console.log(`ssh tunnel: ready after ${(performance.now() - begun).toFixed(0)} ms`);
  expect(accepted).toBe(0);
  for (const name of ['ram', 'nbd']) {
    expect(statSync(join(run, `${name}.sock`)).mode & 0o777).toBe(0o600);
    await expect(echoed(join(run, `${name}.sock`), name)).resolves.toBe(name);
  }
  const onExit = jest.fn();
  tunnel.onExit(onExit);
  await tunnel.close();
  await tunnel.close();
  expect(onExit).not.toHaveBeenCalled();
  expect(startTimeOf(tunnel.record.pid)).toBeNull();
  expect(readdirSync(run)).toEqual(['remote.sock']);
});

test('small answers do not wait for the acknowledgement of those before', async () => {
  // Two at a time, as NBD and QEMU's return path answer: it is the second one that would wait, 40 ms each time.
  remote.removeAllListeners('connection').on('connection', (socket) => socket.on('data', () => {
    socket.write('a');
    setTimeout(() => socket.write('b'), 2);
  }));
  const tunnel = await openSshTunnel(options());
  const socket = connect(join(run, 'ram.sock'));
  const waits: number[] = [];
  for (let turn = 0; turn < 60; turn += 1) {
    const begunAtMs = performance.now();
    socket.write('?');
    for (let seen = ''; !seen.endsWith('b');) seen += String((await once(socket, 'data'))[0]);
    waits.push(performance.now() - begunAtMs);
  }
  socket.destroy();
  await tunnel.close();
  expect(waits.slice(30).sort((a, b) => a - b)[10]).toBeLessThan(25);
});

test('a retry adopts the living tunnel; other forwards replace it', async () => {
  const first = await openSshTunnel(options());
  const second = await openSshTunnel(options());
  expect(second.record).toEqual(first.record);
  const third = await openSshTunnel(options({ forwards: options().forwards.slice(0, 1) }));
  expect(third.record.pid).not.toBe(first.record.pid);
  expect(startTimeOf(first.record.pid)).toBeNull();
  await third.close();
});

test('kill -9 of ssh is noticed by the one who opened it and by the one who adopted it', async () => {
  const tunnel = await openSshTunnel(options());
  const adopted = adoptTunnel(parseTunnelRecord(JSON.parse(JSON.stringify(tunnel.record))));
  const causes = [tunnel, adopted].map((one) => new Promise((resolve) => { one.onExit(resolve); }));
  process.kill(tunnel.record.pid, 'SIGKILL');
  await expect(causes[0]).resolves.toMatchObject({ code: 'TransportFailed', message: expect.stringContaining('SIGKILL') as string });
  await expect(causes[1]).resolves.toMatchObject({ code: 'TransportFailed', message: expect.stringContaining('gone') as string });
  await expect(new Promise((resolve) => { adoptTunnel(tunnel.record).onExit(resolve); })).resolves.toMatchObject({ code: 'TransportFailed' });
});

test('the end of the connection is told in the words of ssh', async () => {
  const tunnel = await openSshTunnel(options());
  const cause = new Promise((resolve) => { tunnel.onExit(resolve); });
  sshd.dropSessions();
  await expect(cause).resolves.toMatchObject({ message: expect.stringMatching(/closed by|reset by|Broken pipe/) as string });
});

test('a tunnel survives the death of its parent and is adopted', async () => {
  const parent = startChild(`
    import { openSshTunnel } from './hypervisor/transport/ssh/ssh-tunnel.ts';
    openSshTunnel(JSON.parse(process.argv[2])).then(({ record }) => { console.log(JSON.stringify(record)); setInterval(() => {}, 1000); });`, [JSON.stringify(options())]);
  const [line] = await once(parent.stdout ?? parent, 'data') as [Buffer];
  parent.kill('SIGKILL');
  await once(parent, 'exit');
  const tunnel = adoptTunnel(parseTunnelRecord(JSON.parse(line.toString())));
  await expect(echoed(join(run, 'ram.sock'), 'still here')).resolves.toBe('still here');
  const cause = new Promise((resolve) => { tunnel.onExit(resolve); });
  process.kill(tunnel.record.pid, 'SIGKILL');
  await cause;
  await tunnel.close();
  expect(existsSync(join(run, 'ram.sock'))).toBe(false);
});

test('a process that only has the same pid is neither adopted nor killed', async () => {
  const record = { pid: process.pid, startTime: startTimeOf(process.pid) ?? 0, forwards: options().forwards, pidRecord: join(run, 'none.json'), errorFile: join(run, 'none.err') };
  await expect(new Promise((resolve) => { adoptTunnel(record).onExit(resolve); })).resolves.toMatchObject({ code: 'TransportFailed' });
  await closeTunnel(record);
  expect(isAlive(record, [])).toBe(true);
  expect(isAlive({ ...record, startTime: record.startTime + 1 }, [])).toBe(false);
});

test.each<[string, () => Partial<TunnelOptions>, RegExp]>([
  ['a changed host key', () => ({ knownHostsFile: otherKnownHosts() }), /host key|Host key/i],
  ['a key the server does not know', () => ({ identityFile: join(dir, 'host_ed25519') }), /Permission denied/],
  ['a port nobody listens on', () => ({ port: 1 }), /Connection refused/],
  ['a local directory that does not exist', () => ({ forwards: [{ localPath: join(run, 'no/ram.sock'), remotePath: '/x' }] }), /No such file/],
  ['a name ssh would read differently', () => ({ forwards: [{ localPath: '/run/a:b', remotePath: '/x' }] }), /plain characters/],
  ['a path too long for a socket', () => ({ forwards: [{ localPath: `/${'a'.repeat(107)}`, remotePath: '/x' }] }), /107/],
])('%s is an error in the words of ssh, and leaves nothing', async (_title, changes, words) => {
  await expect(openSshTunnel(options(changes()))).rejects.toThrow(words);
  expect(readdirSync(run)).toEqual(['remote.sock']);
});

function otherKnownHosts(): string {
  const file = join(dir, 'changed_known_hosts');
  writeFileSync(file, 'pve2 ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl\n');
  return file;
}

test('arguments: nothing is asked, nothing of anyone is read, the host cannot be taken for an option', () => {
  const args = tunnelArguments({ ...sshd.target, host: '-oProxyCommand=x' }, 'pve2', options().forwards, null);
  expect(args.slice(-2)).toEqual(['--', '-oProxyCommand=x']);
  expect(args).toEqual(expect.arrayContaining(['BatchMode=yes', 'StrictHostKeyChecking=yes', 'HostKeyAlias=pve2', 'StreamLocalBindMask=0177', ...options().forwards.map(forwardSpec)]));
});

test('a tunnel whose record was never written is found by the directory it forwards into; others are left alone', async () => {
  const lost = await openSshTunnel(options());
  const beside = await openSshTunnel(options({ forwards: [{ localPath: join(`${run}-2.sock`), remotePath: join(run, 'remote.sock') }], pidRecord: `${run}-2.json` }));
  lost.detach();
  rmSync(join(run, 'tunnel.json'));
  await closeTunnelsInto(run);
  expect(isAlive(lost.record, [])).toBe(false);
  expect(isAlive(beside.record, [])).toBe(true);
  await beside.close();
});
