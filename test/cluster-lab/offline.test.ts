import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { untilProgress } from './support/cluster.js';
import { begin, leftBy, move, reported, startColdLab, type ColdLab } from './support/cold.js';

jest.setTimeout(300_000);
const VMID = 101;
const MIB = 1024 * 1024;
let cold: ColdLab;
beforeAll(async () => {
  cold = await startColdLab();
  await cold.lab.vmCreate(VMID, 'pve1', { memoryMiB: 128, workingSetMiB: 16, disks: ['local:96M,format=qcow2', 'fast:64M', 'shared:16M'] });
  const disk = image('pve1', 'local', 'vm-101-disk-0.qcow2');
  const write = (pattern: string, at: string): string => execFileSync('qemu-io', ['-f', 'qcow2', '-c', `write -P ${pattern} ${at}`, disk], { encoding: 'utf8' });
  write('0x11', '0 48M');
  execFileSync('qemu-img', ['snapshot', '-c', 'before', disk]);
  write('0x22', '8M 16M');
  execFileSync('qemu-img', ['snapshot', '-c', 'after', disk]);
  execFileSync('dd', ['if=/dev/urandom', `of=${image('pve1', 'fast', 'vm-101-disk-1.raw')}`, 'bs=1M', 'count=24', 'seek=8', 'conv=notrunc', 'status=none']);
  for (const [name, size] of [['vm-101-disk-8.qcow2', '8M'], ['vm-101-disk-9.raw', '4M']] as const) {
    execFileSync('qemu-img', ['create', '-q', '-f', name.endsWith('raw') ? 'raw' : 'qcow2', image('pve1', 'local', name), size]);
  }
  appendFileSync(config(), [
    'unused0: local:101/vm-101-disk-8.qcow2', '', '[PENDING]', 'scsi5: local:101/vm-101-disk-9.raw,size=4M', '',
    '[before]', 'scsi0: local:101/vm-101-disk-0.qcow2,size=96M', 'snaptime: 1700000000', '',
  ].join('\n'));
});
afterAll(() => cold?.down());

const image = (node: string, storage: string, name: string): string => join(cold.lab.dir, 'nodes', node, storage, 'images', String(VMID), name);
const config = (): string => join(cold.lab.dir, 'pve/nodes', cold.lab.vmNode(VMID), 'qemu-server', `${VMID}.conf`);
const sum = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');
const IMAGES = [['local', 'vm-101-disk-0.qcow2'], ['fast', 'vm-101-disk-1.raw'], ['local', 'vm-101-disk-8.qcow2'], ['local', 'vm-101-disk-9.raw']] as const;
const sums = (node: string): string[] => IMAGES.map(([storage, name]) => sum(image(node, storage, name)));

test.each(['secure', 'insecure', 'tls'] as const)('%s: attached, unused and pending volumes, and snapshots inside qcow2, are the same on the other node', async (migrationType) => {
  const source = cold.lab.vmNode(VMID);
  const target = source === 'pve1' ? 'pve2' : 'pve1';
  const [before, text, allocated] = [sums(source), readFileSync(config(), 'utf8'), statSync(image(source, 'fast', 'vm-101-disk-1.raw')).blocks];
  const report = await move(cold, VMID, target, { migrationType });
  expect(report).toMatchObject({ outcome: 'migrated', source, target, incidents: [], downtime: null });
  expect(report.volumes?.map(({ volid }) => volid).sort()).toEqual(IMAGES.map(([storage, name]) => `${storage}:101/${name}`).sort());
  expect(sums(target)).toEqual(before);
  expect(readFileSync(config(), 'utf8')).toBe(text.replaceAll(/(vm-101-disk-9.raw),size=4M/g, '$1,size=4M'));
  expect(statSync(image(target, 'fast', 'vm-101-disk-1.raw')).blocks).toBeLessThanOrEqual(allocated);
  execFileSync('qemu-img', ['check', '-q', image(target, 'local', 'vm-101-disk-0.qcow2')]);
  expect(execFileSync('qemu-img', ['snapshot', '-l', image(target, 'local', 'vm-101-disk-0.qcow2')], { encoding: 'utf8' })).toMatch(/before[^]*after/);
  expect(await leftBy(cold, VMID, 'qemu', target)).toEqual([]);
});

test('to another storage, where a name is taken: it gets the next one, everywhere in the config', async () => {
  const source = cold.lab.vmNode(VMID);
  const target = source === 'pve1' ? 'pve2' : 'pve1';
  const before = sum(image(source, 'local', 'vm-101-disk-0.qcow2'));
  const report = await move(cold, VMID, target, { targetStorage: 'fast' });
  expect(report).toMatchObject({ outcome: 'migrated', incidents: [] });
  const text = readFileSync(config(), 'utf8');
  expect(text).not.toContain('local:');
  const moved = /^scsi0: fast:101\/(vm-101-disk-\d+\.qcow2)/m.exec(text)?.[1] ?? '';
  expect(text).toMatch(new RegExp(`\\[before\\]\\nscsi0: fast:101/${moved.replaceAll('.', '\\.')},`));
  expect(sum(image(target, 'fast', moved))).toBe(before);
  expect(await leftBy(cold, VMID, 'qemu', target)).toEqual([]);
  await move(cold, VMID, source, { targetStorage: 'fast:local' });
  expect(await leftBy(cold, VMID, 'qemu', source)).toEqual([]);
});

test('in another format: the guest sees the same content; an image with snapshots keeps its format', async () => {
  const [VM, name] = [102, 'vm-102-disk-0'];
  const at = (node: string, ending: string): string => join(cold.lab.dir, 'nodes', node, 'local/images', String(VM), `${name}.${ending}`);
  await cold.lab.vmCreate(VM, 'pve1', { memoryMiB: 128, workingSetMiB: 16, disks: ['local:32M'] });
  execFileSync('dd', ['if=/dev/urandom', `of=${at('pve1', 'raw')}`, 'bs=1M', 'count=9', 'seek=3', 'conv=notrunc', 'status=none']);
  const before = sum(at('pve1', 'raw'));
  expect(await move(cold, VM, 'pve2', { targetFormat: 'qcow2' })).toMatchObject({ outcome: 'migrated', incidents: [], volumes: [{ digest: 'compared', targetVolid: `local:102/${name}.qcow2` }] });
  expect(readFileSync(join(cold.lab.dir, `pve/nodes/pve2/qemu-server/${VM}.conf`), 'utf8')).toMatch(new RegExp(`^scsi0: local:102/${name}\\.qcow2,`, 'm'));
  expect(await move(cold, VM, 'pve1', { targetFormat: 'raw' })).toMatchObject({ outcome: 'migrated', incidents: [] });
  expect(sum(at('pve1', 'raw'))).toBe(before);
  expect(await leftBy(cold, VM, 'qemu', 'pve1')).toEqual([]);
  const refused = await move(cold, VMID, cold.lab.vmNode(VMID) === 'pve1' ? 'pve2' : 'pve1', { targetFormat: 'raw' });
  expect(refused.refusals.map(({ code }) => code)).toContain('disk-has-snapshots');
});

test.each(['source agent', 'target agent', 'migration network'] as const)('cut at 70 %% by the %s: it goes on where it was, and proves it by counters', async (what) => {
  const source = cold.lab.vmNode(VMID);
  const target = source === 'pve1' ? 'pve2' : 'pve1';
  const before = readFileSync(config(), 'utf8');
  const migration = await begin(cold, VMID, target, { bwlimitKiBps: 8 * 1024 });
  await untilProgress(migration, ({ phase }) => phase === 'diskSync');
  const file = (): number => ['local', 'fast'].reduce((all, storage) => all + blocksOf(join(cold.lab.dir, 'nodes', target, storage, 'images', String(VMID))), 0);
  const wholeBytes = ['local', 'fast'].reduce((all, storage) => all + blocksOf(join(cold.lab.dir, 'nodes', source, storage, 'images', String(VMID))), 0);
  while (file() < 0.7 * wholeBytes) await new Promise((resolve) => setTimeout(resolve, 20));
  if (what === 'migration network') {
    await cold.lab.partition(target, 'mig');
    await new Promise((resolve) => setTimeout(resolve, 12_000));
    await cold.lab.heal(target, 'mig');
  } else await cold.lab.agent(what === 'source agent' ? source : target, 'kill');
  const report = reported(await migration.ending());
  expect(report).toMatchObject({ outcome: 'migrated', reason: expect.any(String) as string });
  const sentBytes = report.volumes?.reduce((all, volume) => all + volume.sentBytes, 0) ?? 0;
  console.log(`${what}: ${(wholeBytes / MIB).toFixed(1)} MiB in all, the last attempt sent ${(sentBytes / MIB).toFixed(1)} MiB`);
  expect(sentBytes).toBeLessThan(0.35 * wholeBytes);
  expect(readFileSync(config(), 'utf8')).toBe(before);
  expect(await leftBy(cold, VMID, 'qemu', target)).toEqual([]);
});

function blocksOf(dir: string): number {
  try {
    return Number(execFileSync('du', ['-s', '-B1', dir], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).split('\t')[0]);
  } catch {
    return 0;
  }
}

test('--offline-shutdown: a running VM is shut down, moved and started again', async () => {
  await cold.lab.vmStart(VMID);
  const probe = await cold.lab.probe(VMID);
  await probe.stop();
  const source = cold.lab.vmNode(VMID);
  const target = source === 'pve1' ? 'pve2' : 'pve1';
  const report = await move(cold, VMID, target, { offlineShutdown: true });
  expect(report).toMatchObject({ outcome: 'migrated', incidents: [] });
  const again = await cold.lab.probe(VMID);
  expect((await again.snapshot()).lastAnswer).toMatchObject({ memErrors: 0, diskErrors: 0 });
  await again.stop();
  console.log(`down for ${report.downtime?.totalMs} ms, ${report.downtime?.stopMs} ms of it shutting down`);
  await cold.lab.vmStop(VMID);
  expect(await leftBy(cold, VMID, 'qemu', target)).toEqual([]);
});

test('a template moves with its base image, immutable as PVE makes it, and leaves nothing behind', async () => {
  const TEMPLATE = 103;
  await cold.lab.vmCreate(TEMPLATE, 'pve1', { memoryMiB: 128, disks: ['local:8M,format=qcow2'] });
  const folder = (node: string): string => join(cold.lab.dir, 'nodes', node, 'local/images', String(TEMPLATE));
  const [file, base] = [join(cold.lab.dir, 'pve/nodes/pve1/qemu-server', `${TEMPLATE}.conf`), 'base-103-disk-0.qcow2'];
  renameSync(join(folder('pve1'), 'vm-103-disk-0.qcow2'), join(folder('pve1'), base));
  execFileSync('qemu-io', ['-f', 'qcow2', '-c', 'write -q -P 0x33 0 2M', join(folder('pve1'), base)], { stdio: 'ignore' });
  execFileSync('chattr', ['+i', join(folder('pve1'), base)]);
  writeFileSync(file, `${readFileSync(file, 'utf8').replace('vm-103-disk-0', 'base-103-disk-0')}template: 1\n`);
  const before = sum(join(folder('pve1'), base));
  expect(await move(cold, TEMPLATE, 'pve2')).toMatchObject({ outcome: 'migrated', incidents: [], downtime: null });
  expect(sum(join(folder('pve2'), base))).toBe(before);
  expect(existsSync(folder('pve1'))).toBe(false);
  expect(await leftBy(cold, TEMPLATE, 'qemu', 'pve2')).toEqual([]);
});
