import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NodeName } from '../domain/ids.js';
import { type Layout, RELAY_ADDRESS, mountPoint, nodeAddress, nodeDir } from './layout.js';
import { must } from './run.js';

const SSH_KEY = '/etc/ssh/ferry_ed25519';
const KNOWN_HOSTS = '/etc/ssh/ssh_known_hosts';

/** What a test may want otherwise than the product's default; undefined: not written. */
export interface NodeSettings {
  readonly reconcileIntervalSeconds?: number | undefined;
  /** What the node says it gives to its guests, MiB. */
  readonly guestMemoryMiB?: number | undefined;
}

/** Everything a node finds on its own disk: directories, host name, ssh keys, ferry's configuration. Kept by a crash. */
export async function writeNodeFiles(layout: Layout, nodes: readonly NodeName[], settings: NodeSettings): Promise<void> {
  for (const name of ['pve', 'local', 'fast', 'shared', 'ferry'] as const) mkdirSync(mountPoint(layout, name), { recursive: true });
  mkdirSync(layout.sharedDir, { recursive: true });
  await Promise.all(nodes.map((node) => writeOneNode(layout, node, nodes, settings)));
  exchangeKeys(layout, nodes);
  mkdirSync(layout.controlDir, { recursive: true });
  writeJson(join(layout.controlDir, 'ferry.json'), { pveRoot: layout.pveDir, stateDir: layout.controlDir });
}

/** The environment of every process in a node, the agent's included. Nothing else is inherited. */
export const nodeEnvironment = (layout: Layout, node: NodeName): Record<string, string> => ({
  ...baseEnvironment(layout),
  FERRY_CONFIG: join(nodeDir(layout, node), 'ferry.json'),
  TEMPORAL_ADDRESS: RELAY_ADDRESS,
});

/** What node and control worker have in common. */
export const baseEnvironment = (layout: Layout): Record<string, string> => ({
  PATH: process.env['PATH'] ?? '/usr/sbin:/usr/bin:/sbin:/bin',
  HOME: '/root',
  LANG: 'C.UTF-8',
  TERM: process.env['TERM'] ?? 'dumb',
  FERRY_HOME: layout.home,
  TEMPORAL_NAMESPACE: 'default',
});

async function writeOneNode(layout: Layout, node: NodeName, nodes: readonly NodeName[], settings: NodeSettings): Promise<void> {
  const dir = nodeDir(layout, node);
  for (const sub of ['local/images', 'fast/images', 'ferry', 'ssh', 'lxc', 'etc', 'agent']) mkdirSync(join(dir, sub), { recursive: true });
  writeFileSync(join(dir, 'etc/hostname'), `${node}\n`);
  writeFileSync(join(dir, 'etc/hosts'), hostsText(nodes));
  for (const map of ['subuid', 'subgid']) writeFileSync(join(dir, 'etc', map), 'root:100000:65536\n');
  writeFileSync(join(dir, 'ssh/sshd_config'), sshdConfig(node));
  writeFileSync(join(dir, 'ssh/ssh_config'), sshConfig());
  await makeKey(join(dir, 'ssh/ssh_host_ed25519_key'), `host@${node}`);
  await makeKey(join(dir, 'ssh/ferry_ed25519'), `root@${node}`);
  writeJson(join(dir, 'ferry.json'), {
    node,
    pveRoot: mountPoint(layout, 'pve'),
    stateDir: mountPoint(layout, 'ferry'),
    runDir: '/run/ferry',
    qemuRunDir: '/run/qemu-server',
    qemuBinary: 'qemu-system-x86_64',
    ssh: { identityFile: SSH_KEY, knownHostsFile: KNOWN_HOSTS, user: 'root', port: 22 },
    ...settings,
  });
}

/** While its `stop` file is there, the supervisor starts nothing. */
export function setPaused(serviceDir: string, paused: boolean): void {
  mkdirSync(serviceDir, { recursive: true });
  if (paused) writeFileSync(join(serviceDir, 'stop'), '');
  else rmSync(join(serviceDir, 'stop'), { force: true });
}

/** Everyone trusts everyone; host keys are known by name and by both addresses. */
function exchangeKeys(layout: Layout, nodes: readonly NodeName[]): void {
  const publicKey = (node: NodeName, file: string): string => readFileSync(join(nodeDir(layout, node), 'ssh', `${file}.pub`), 'utf8');
  const known = nodes.map((n) => {
    const [type, key] = publicKey(n, 'ssh_host_ed25519_key').split(' ');
    return `${n},${n}-mig,${nodeAddress(n, 'mgmt')},${nodeAddress(n, 'mig')} ${type} ${key}\n`;
  }).join('');
  const authorized = nodes.map((n) => publicKey(n, 'ferry_ed25519')).join('');
  for (const node of nodes) {
    const ssh = join(nodeDir(layout, node), 'ssh');
    writeFileSync(join(ssh, 'ssh_known_hosts'), known);
    writeFileSync(join(ssh, 'authorized_keys'), authorized, { mode: 0o600 });
    chmodSync(ssh, 0o755);
  }
  mkdirSync(join(layout.pveDir, 'priv'), { recursive: true });
  copyFileSync(join(nodeDir(layout, nodes[0] ?? 'pve1'), 'ssh/ssh_known_hosts'), join(layout.pveDir, 'priv/known_hosts'));
}

async function makeKey(file: string, comment: string): Promise<void> {
  if (!existsSync(file)) await must(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', comment, '-f', file]);
}

const hostsText = (nodes: readonly NodeName[]): string => [
  '127.0.0.1 localhost',
  ...nodes.flatMap((n) => [`${nodeAddress(n, 'mgmt')} ${n}.lab ${n}`, `${nodeAddress(n, 'mig')} ${n}-mig`]),
].map((l) => `${l}\n`).join('');

const sshdConfig = (node: NodeName): string => `Port 22
ListenAddress ${nodeAddress(node, 'mgmt')}
ListenAddress ${nodeAddress(node, 'mig')}
HostKey /etc/ssh/ssh_host_ed25519_key
AuthorizedKeysFile /etc/ssh/authorized_keys
PermitRootLogin prohibit-password
PasswordAuthentication no
UsePAM no
UseDNS no
PidFile /run/sshd.pid
AllowStreamLocalForwarding yes
StreamLocalBindUnlink yes
MaxStartups 100
MaxSessions 100
`;

const sshConfig = (): string => `Host *
  BatchMode yes
  StrictHostKeyChecking yes
  UserKnownHostsFile ${KNOWN_HOSTS}
  IdentityFile ${SSH_KEY}
  KexAlgorithms curve25519-sha256
  Ciphers aes128-gcm@openssh.com,aes256-gcm@openssh.com
`;

const writeJson = (file: string, value: unknown): void => writeFileSync(file, `${JSON.stringify(value, null, 2)}\n`);
