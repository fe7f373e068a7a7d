import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { expectWhole, migrate, startCluster, VMID, type Cluster } from './support/cluster.js';
import { configText } from '../matrix/leftovers.js';

jest.setTimeout(120_000);
const MIB = 1024 * 1024;
const SHARED_BYTES = 256 * MIB;
let cluster: Cluster;
beforeAll(async () => {
  cluster = await startCluster({ nodes: 2, dirtyMiBps: 2, workingSetMiB: 64, disks: ['local:32M,format=qcow2', 'fast:48M', 'shared:256M'] });
});
afterAll(() => cluster?.down());

test.each([
  ['qcow2 to raw', 'pve1', 'pve2', 'raw'],
  ['raw to qcow2', 'pve2', 'pve1', 'qcow2'],
] as const)('%s, each local disk to the other storage, the shared one left alone', async (_title, source, target, targetFormat) => {
  const before = await drives();
  const report = await migrate(cluster, target, { targetStorage: 'local:fast,fast:local', targetFormat });
  expect(report).toMatchObject({ outcome: 'migrated', source, target, incidents: [] });
  expect(report.bytes?.disks).toBeLessThan(SHARED_BYTES);
  const after = await drives();
  for (const drive of ['scsi0', 'scsi1']) {
    const [was, is] = [storageOf(before[drive]), storageOf(after[drive])];
    expect([was, is].sort()).toEqual(['fast', 'local']);
    expect(after[drive]).toMatch(new RegExp(`^${is}:${VMID}/vm-${VMID}-disk-\\d+\\.${targetFormat},.*format=${targetFormat}`));
    expect(await formatOf(target, after[drive] ?? '')).toBe(targetFormat);
  }
  expect(after['scsi2']).toBe(before['scsi2']);
  await expectWhole(cluster, target);
});

test('memory and disks together stay within one budget', async () => {
  const budgetBytesPerSecond = 16 * MIB;
  const [sentBefore, begunAtMs] = [await sentBytes(), performance.now()];
  const report = await migrate(cluster, 'pve2', { bwlimit: budgetBytesPerSecond / 1024 });
  expect(report).toMatchObject({ outcome: 'migrated', incidents: [] });
  const [sent, elapsedMs] = [await sentBytes() - sentBefore, performance.now() - begunAtMs];
  console.log(`${(sent / MIB).toFixed(1)} MiB in ${(elapsedMs / 1000).toFixed(1)} s; phases ${report.phases.map((p) => `${p.phase} ${p.elapsedMs}`).join(', ')}`);
  expect(sent).toBeLessThan(budgetBytesPerSecond * (elapsedMs / 1000) * 1.15);
  await expectWhole(cluster, 'pve2');
});

/** The value of each drive's line in the guest's config. */
async function drives(): Promise<Readonly<Record<string, string>>> {
  const { text } = await configText(cluster.lab, VMID);
  return Object.fromEntries([...text.matchAll(/^(scsi\d): (.*)$/gm)].map(([, name, value]) => [name, value]));
}

const storageOf = (drive = ''): string => drive.slice(0, drive.indexOf(':'));

/** By the image's first bytes. */
async function formatOf(node: string, drive: string): Promise<'raw' | 'qcow2'> {
  const [storage = '', volume = ''] = (drive.split(',')[0] ?? '').split(':');
  const file = await open(join(cluster.lab.dir, 'nodes', node, storage, 'images', volume));
  try {
    const { buffer } = await file.read({ length: 4, position: 0, buffer: Buffer.alloc(4) });
    return buffer.toString('latin1') === 'QFI\u00fb' ? 'qcow2' : 'raw';
  } finally {
    await file.close();
  }
}

const sentBytes = async (): Promise<number> => (await cluster.lab.interfaceBytes('pve1', 'mig')).txBytes;
