import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { SshTarget } from '../../../hypervisor/transport/ssh/ssh-target.js';

export interface TestSshd {
  /** The node name its host key is known by is `pve2`. */
  readonly target: SshTarget;
  /** `<type> <base64>` */
  readonly hostKey: string;
  /** Cuts every connection; new ones are welcome. */
  dropSessions(): void;
  /** Ends the server and every connection. */
  stop(): Promise<void>;
  start(): Promise<void>;
}

/** A real sshd on a free loopback port, with configuration and keys of its own in `dir`. */
export async function startSshd(dir: string): Promise<TestSshd> {
  const [hostKeyFile, identityFile, knownHostsFile] = [join(dir, 'host_ed25519'), join(dir, 'id_ed25519'), join(dir, 'known_hosts')];
  const config = join(dir, 'sshd_config');
  for (const file of [hostKeyFile, identityFile]) execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', file]);
  const hostKey = readFileSync(`${hostKeyFile}.pub`, 'utf8').split(' ').slice(0, 2).join(' ');
  const port = await freePort();
  writeFileSync(knownHostsFile, `pve2 ${hostKey}\n`);
  writeFileSync(config, [
    `Port ${port}`, 'ListenAddress 127.0.0.1', `HostKey ${hostKeyFile}`, `AuthorizedKeysFile ${identityFile}.pub`, 'PidFile none',
    'StrictModes no', 'UsePAM no', 'PasswordAuthentication no', 'PermitRootLogin yes', 'AllowStreamLocalForwarding yes', '',
  ].join('\n'));
  chmodSync(dir, 0o755);
  if (userInfo().uid === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
  let server = await listen(config);
  return {
    target: { host: '127.0.0.1', hostName: 'pve2', port, user: userInfo().username, identityFile, knownHostsFile, timeoutMs: 5000 },
    hostKey,
    async start() { server = await listen(config); },
    dropSessions: () => killAll(descendants(server.pid)),
    async stop() {
      if (server.exitCode !== null || server.signalCode !== null) return;
      const sessions = descendants(server.pid);
      server.kill('SIGKILL');
      await once(server, 'exit');
      killAll(sessions);
    },
  };
}

async function listen(config: string): Promise<ChildProcess> {
  const child = spawn('/usr/sbin/sshd', ['-D', '-e', '-f', config], { stdio: ['ignore', 'ignore', 'pipe'] });
  const said: string[] = [];
  await new Promise<void>((resolve, reject) => {
    child.once('exit', () => reject(new Error(`sshd ended: ${said.join('\n')}`)));
    createInterface({ input: child.stderr }).on('line', (line) => {
      said.push(line);
      if (line.startsWith('Server listening')) resolve();
    });
  });
  return child;
}

function descendants(pid: number | undefined): number[] {
  if (pid === undefined) return [];
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter((text) => text !== '').map(Number);
  return children.flatMap((child) => [child, ...descendants(child)]);
}

function killAll(pids: readonly number[]): void {
  for (const pid of pids) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
