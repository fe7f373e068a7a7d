import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectSsh } from '../../../../hypervisor/transport/ssh/ssh-client.js';
import { startSshd, type TestSshd } from '../sshd.js';

let dir: string;
let sshd: TestSshd;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'ferry-ssh-'));
  sshd = await startSshd(dir);
});
afterAll(async () => {
  await sshd.stop();
  rmSync(dir, { recursive: true, force: true });
});

const knownHosts = (text: string): string => {
  const file = join(dir, 'other_known_hosts');
  writeFileSync(file, text);
  return file;
};

test('bytes reach a unix socket of the other node and come back, in a few milliseconds (figure printed)', async () => {
  const path = join(dir, 'echo.sock');
  const echo = createServer((socket) => socket.pipe(socket)).listen(path);
  const begun = performance.now();
  const connection = await connectSsh(sshd.target);
  const connectMs = performance.now() - begun;
  const stream = await connection.forwardToUnix(path);
  const trips: number[] = [];
  for (let i = 0; i < 20; i += 1) {
    const sent = performance.now();
    stream.write(`${i}`);
    const [data] = await once(stream, 'data') as [Buffer];
    expect(data.toString()).toBe(`${i}`);
    trips.push(performance.now() - sent);
  }
  console.log(`ssh2: connect ${connectMs.toFixed(0)} ms, round trip median ${trips.sort((a, b) => a - b)[10]?.toFixed(2)} ms`);
  const closed = once(stream, 'close');
  connection.close();
  await closed;
  echo.close();
  await once(echo, 'close');
});

test('a socket nobody listens on is an error that names it', async () => {
  const connection = await connectSsh(sshd.target);
  const path = join(dir, 'nobody.sock');
  await expect(connection.forwardToUnix(path)).rejects.toMatchObject({ code: 'TransportFailed', facts: { path } });
  connection.close();
});

test('onClose tells that the connection is gone, once, also a late listener', async () => {
  const connection = await connectSsh(sshd.target);
  const gone = new Promise((resolve) => { connection.onClose(resolve); });
  sshd.dropSessions();
  await expect(gone).resolves.toMatchObject({ code: 'TransportFailed' });
  expect(connection.closed).toBe(true);
  const late = jest.fn();
  connection.onClose(late);
  expect(late).toHaveBeenCalledTimes(1);
  await expect(connection.forwardToUnix('/x')).rejects.toMatchObject({ code: 'TransportFailed' });
});

const OTHER_KEY = 'AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl';
test.each<[string, () => string, string]>([
  ['unknown', () => knownHosts(''), 'unknown'],
  ['changed', () => knownHosts(`pve2 ssh-ed25519 ${OTHER_KEY}\n`), 'changed'],
  ['changed, though known for the address', () => knownHosts(`pve2 ssh-ed25519 ${OTHER_KEY}\n[127.0.0.1]:${sshd.target.port} ${sshd.hostKey}\n`), 'changed'],
  ['of another type than the known one', () => knownHosts(`pve2 ecdsa-sha2-nistp256 ${OTHER_KEY}\n`), 'changed'],
  ['revoked', () => knownHosts(`pve2 ${sshd.hostKey}\n@revoked * ${sshd.hostKey}\n`), 'revoked'],
])('a host key that is %s is refused, naming file and fingerprint', async (_title, file, verdict) => {
  const knownHostsFile = file();
  await expect(connectSsh({ ...sshd.target, knownHostsFile })).rejects.toMatchObject({
    code: 'TransportFailed',
    message: expect.stringMatching(/host key SHA256:\S+ is .* for pve2 in /) as string,
    facts: { file: knownHostsFile, verdict, fingerprint: expect.stringMatching(/^SHA256:/) as string },
  });
});

test('a host key known by address and port only is accepted', async () => {
  const connection = await connectSsh({ ...sshd.target, knownHostsFile: knownHosts(`[127.0.0.1]:${sshd.target.port} ${sshd.hostKey}\n`) });
  connection.close();
});

test('a key the server does not know, a refused port and a silent server are TransportFailed', async () => {
  const silent = createServer((socket) => socket.resume()).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const { port } = silent.address() as AddressInfo;
  const hostKeyFile = join(dir, 'host_ed25519');
  await expect(connectSsh({ ...sshd.target, identityFile: hostKeyFile })).rejects.toMatchObject({ code: 'TransportFailed', message: expect.stringContaining('authentication') as string });
  await expect(connectSsh({ ...sshd.target, port: 1 })).rejects.toMatchObject({ code: 'TransportFailed', message: expect.stringContaining('ECONNREFUSED') as string });
  await expect(connectSsh({ ...sshd.target, port, timeoutMs: 200 })).rejects.toMatchObject({ code: 'TransportFailed', message: expect.stringContaining('Timed out') as string });
  await expect(connectSsh({ ...sshd.target, identityFile: '/nowhere/key' })).rejects.toMatchObject({ code: 'TransportFailed', message: expect.stringContaining('/nowhere/key') as string });
  silent.close();
  await once(silent, 'close');
});
