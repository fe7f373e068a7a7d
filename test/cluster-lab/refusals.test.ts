import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkMigration } from '../../client/index.js';
import type { Verdict } from '../../domain/contracts/plan.js';
import { parseMigrateRequest } from '../../domain/edge/migrate-request.js';
import { expectWhole, migrate, startCluster, VMID, type Cluster } from './support/cluster.js';

jest.setTimeout(120_000);
let cluster: Cluster;
let restore: (() => void)[] = [];
beforeAll(async () => {
  cluster = await startCluster({ nodes: 2 });
});
afterAll(() => cluster?.down());
afterEach(() => {
  for (const undo of restore) undo();
  restore = [];
});

const check = (target = 'pve2', wishes: object = {}): Promise<Verdict> =>
  checkMigration(cluster.client, parseMigrateRequest({ vmid: VMID, target, online: true, requestedBy: 'test', ...wishes }));

test('a guest that can move: no refusal, and a plan', async () => {
  const verdict = await check();
  expect(verdict.refusals).toEqual([]);
  expect(verdict.plan).toMatchObject({ source: 'pve1', target: 'pve2', transport: { type: 'secure', network: '10.10.10.0/24', targetAddress: '10.10.10.2' } });
});

test('a config that breaks many prerequisites is refused for all of them at once, each with sentence and remedy', async () => {
  change(`nodes/pve1/qemu-server/${VMID}.conf`, (text) => text
    .replace('bridge=vmbr0', 'bridge=vmbr9').replace(/^cpu: .*$/m, 'cpu: no-such-cpu').replace(/^memory: .*$/m, 'memory: 4194304')
    + 'hostpci0: 0000:01:00.0\nusb0: host=1234:5678\nserial1: /dev/ttyS0\nparallel0: /dev/parport0\nide2: local:iso/debian.iso,media=cdrom\nlock: backup\n');
  change('datacenter.cfg', () => 'migration: secure,network=192.0.2.0/24\n');
  change('storage.cfg', (text) => text.replace(/(dir: shared\n)/, '$1\tnodes pve1\n'));
  const { refusals, plan } = await check();
  const text = refusals.map((r) => r.sentence).join('\n');
  console.log(refusals.map((r) => `${r.code}: ${r.sentence} → ${r.remedy}`).join('\n'));
  expect(plan).toBeNull();
  expect(new Set(refusals.map((r) => r.code)).size).toBeGreaterThanOrEqual(8);
  for (const expected of [/hostpci0/, /usb0/, /serial1/, /parallel0/, /VM is locked \(backup\)/, /vmbr9/, /no-such-cpu/, /memory/i, /192\.0\.2\.0\/24/, /debian\.iso|local cdrom image/, /storage 'shared'/]) expect(text).toMatch(expected);
  for (const refusal of refusals) expect(refusal.remedy.length).toBeGreaterThan(10);
});

test.each([
  ['a bad CIDR', 'migration: secure,network=10.10.10.0/40'],
  ['an unknown key', 'migration: secure,nework=10.10.10.0/24'],
  ['a repeated key', 'migration: secure,network=10.10.10.0/24,network=10.20.0.0/24'],
  ['an unknown type', 'migration: plain,network=10.10.10.0/24'],
])('a malformed migration line (%s) is a refusal, never a fall-back', async (_name, line) => {
  change('datacenter.cfg', () => `${line}\n`);
  const { refusals, plan } = await check();
  expect(plan).toBeNull();
  expect(refusals.map((r) => r.sentence).join('\n')).toMatch(/datacenter\.cfg/);
});

test('host bits in the network are accepted, and the migration takes it', async () => {
  change('datacenter.cfg', () => 'migration: secure,network=10.10.10.150/24\n');
  expect(await migrate(cluster, 'pve2')).toMatchObject({ outcome: 'migrated' });
  await expectWhole(cluster, 'pve2');
  expect(await migrate(cluster, 'pve1')).toMatchObject({ outcome: 'migrated' });
  await expectWhole(cluster, 'pve1');
});

test('two different addresses in the network are refused, naming node and network', async () => {
  await cluster.lab.exec('pve2', ['ip', 'addr', 'add', '10.10.10.77/24', 'dev', 'eth1']);
  const { refusals } = await check();
  await cluster.lab.exec('pve2', ['ip', 'addr', 'del', '10.10.10.77/24', 'dev', 'eth1']);
  expect(refusals.map((r) => r.sentence).join('\n')).toMatch(/multiple.*IP address.*10\.10\.10\.0\/24|pve2/);
});

test('a node whose agent is away is refused with its name, within seconds', async () => {
  await cluster.lab.agent('pve2', 'stop');
  const { refusals } = await check();
  await cluster.lab.agent('pve2', 'start');
  expect(refusals.map((r) => r.sentence).join('\n')).toMatch(/pve2/);
});

/** Rewrites a file of the PVE root until the test ends. */
function change(file: string, edit: (text: string) => string): void {
  const path = join(cluster.lab.dir, 'pve', file);
  const before = readFileSync(path, 'utf8');
  writeFileSync(path, edit(before));
  restore.push(() => writeFileSync(path, before));
}

