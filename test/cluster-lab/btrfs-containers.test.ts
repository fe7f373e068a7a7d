import { join } from 'node:path';
import type { CtProbe } from '../../lab/ct-probe.js';
import { begin, leftBy, move, reported, startColdLab, type ColdLab } from './support/cold.js';

jest.setTimeout(300_000);

const VMID = 211;
let cold: ColdLab;
let probe: CtProbe;
beforeAll(async () => {
  cold = await startColdLab();
  await cold.lab.storages.add('btrfs', 'fs');
  await cold.lab.ctCreate(VMID, 'pve1', { rootfs: 'fs:0', service: 'counter', files: 300, dataMiB: 20 });
  await cold.lab.ctStart(VMID);
  probe = await cold.lab.ctProbe(VMID);
});
afterAll(async () => {
  await probe?.stop();
  await cold?.down();
});

const other = (): string => (cold.lab.ctNode(VMID) === 'pve1' ? 'pve2' : 'pve1');
const folder = (): string => join(cold.lab.dir, 'mnt/added/fs/images', String(VMID));
const namesOn = async (node: string): Promise<string[]> => (await cold.lab.exec(node, ['ls', '-A', folder()])).stdout.split('\n').filter((name) => name !== '');

/** It answers where it is, tells no number less than it had told, its files are what they were, and no node holds anything else of it. */
async function expectWhole(owner: string, told: number): Promise<void> {
  const before = (await probe.snapshot()).answered;
  for (;;) {
    const { answered, lastAnswer } = await probe.snapshot();
    if (answered > before && (lastAnswer?.n ?? 0) >= told) break;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  expect(cold.lab.ctNode(VMID)).toBe(owner);
  expect(await leftBy(cold, VMID, 'lxc', owner)).toEqual([]);
  for (const node of cold.lab.nodes) expect(await namesOn(node)).toEqual(node === owner ? [`subvol-${VMID}-disk-0.subvol`] : []);
  const data = join(folder(), `subvol-${VMID}-disk-0.subvol/data/bulk`);
  const sums = await cold.lab.exec(owner, ['sh', '-c', 'cd "$1" && sha256sum --quiet -c ../SHA256SUMS', 'sh', data]);
  expect(sums).toMatchObject({ exitCode: 0, stderr: '' });
}

const told = async (): Promise<number> => (await probe.snapshot()).lastAnswer?.n ?? 0;

test('a subvolume goes whole while the container runs, then what has changed: down for a moment, nothing left', async () => {
  for (const target of ['pve2', 'pve1']) {
    const n = await told();
    probe.reset();
    const report = await move(cold, VMID, target, { restart: true });
    expect(report).toMatchObject({ outcome: 'migrated', incidents: [], volumes: [{ digest: expect.stringMatching(/^[0-9a-f]{64}$/) as string }] });
    await expectWhole(target, n);
    console.log(`btrfs: down ${report.downtime?.totalMs} ms (stop ${report.downtime?.stopMs}, last changes ${report.downtime?.deltaMs}, start ${report.downtime?.startMs}), seen from outside ${(await probe.snapshot()).maxGapMs} ms`);
  }
});

test.each([
  ['source', 'cold.source.copied.before'], ['source', 'cold.source.verified.after'], ['source', 'cold.source.cleanup.before'],
  ['target', 'cold.target.whole.after'], ['target', 'cold.target.start.before'],
] as const)('the agent of the %s killed at %s: it runs once, and no snapshot is left on either node', async (side, at) => {
  const [source, target, n] = [cold.lab.ctNode(VMID), other(), await told()];
  const points = cold.lab.failpoints(side === 'source' ? source : target);
  points.clear();
  points.arm(at, 'kill');
  const report = await move(cold, VMID, target, { restart: true });
  await points.untilFired(at, 1000);
  expect(['migrated', 'rolled-back']).toContain(report.outcome);
  await expectWhole(report.outcome === 'migrated' ? target : source, n);
});

test('cancelled after the first copy: both snapshots are gone, and it never stopped', async () => {
  const [source, n, { boots }] = [cold.lab.ctNode(VMID), await told(), await probe.snapshot()];
  const points = cold.lab.failpoints(source);
  points.clear();
  points.arm('cold.source.copied.after', 'hang');
  const migration = await begin(cold, VMID, other(), { restart: true });
  await points.untilFired('cold.source.copied.after', 60_000);
  expect(await namesOn(source)).toHaveLength(2);
  await migration.cancel();
  points.release('cold.source.copied.after');
  expect(reported(await migration.ending())).toMatchObject({ outcome: 'cancelled' });
  await expectWhole(source, n);
  expect((await probe.snapshot()).boots).toBe(boots);
});

test('with a subvolume inside it goes file by file', async () => {
  const [source, target, n] = [cold.lab.ctNode(VMID), other(), await told()];
  const inner = join(folder(), `subvol-${VMID}-disk-0.subvol/data/inner`);
  expect(await cold.lab.exec(source, ['sh', '-c', 'btrfs -q subvolume create "$1" && echo kept > "$1/file"', 'sh', inner])).toMatchObject({ exitCode: 0 });
  expect(await move(cold, VMID, target, { restart: true })).toMatchObject({ outcome: 'migrated', incidents: [] });
  expect((await cold.lab.exec(target, ['cat', join(inner, 'file')])).stdout).toBe('kept\n');
  await expectWhole(target, n);
});
