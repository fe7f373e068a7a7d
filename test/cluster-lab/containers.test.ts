import { readFileSync, writeFileSync } from 'node:fs';
import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CtProbe, CtProbeReport } from '../../lab/ct-probe.js';
import { begin, leftBy, move, reported, startColdLab, type ColdLab } from './support/cold.js';
import { expectWhole as whole, toldBy } from './support/container.js';

jest.setTimeout(300_000);
let cold: ColdLab;
beforeAll(async () => { cold = await startColdLab(); });
afterAll(() => cold?.down());

const config = (vmid: number): string => join(cold.lab.dir, 'pve/nodes', cold.lab.ctNode(vmid), 'lxc', `${vmid}.conf`);
const other = (vmid: number): string => (cold.lab.ctNode(vmid) === 'pve1' ? 'pve2' : 'pve1');

const expectWhole = (probe: CtProbe, vmid: number, owner: string, told: number): Promise<CtProbeReport> => whole(cold, probe, { vmid, owner, told });

/** Waits until this node's agent has said so once more. */
async function untilLogged(node: string, words: string): Promise<void> {
  const count = (): number => readFileSync(join(cold.lab.dir, 'nodes', node, 'agent/log'), 'utf8').split(words).length;
  const before = logged.get(`${node} ${words}`) ?? 1;
  const deadlineMs = performance.now() + 20_000;
  while (count() <= before) {
    if (performance.now() > deadlineMs) throw new Error(`${node} did not say '${words}'`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  logged.set(`${node} ${words}`, count());
}
const logged = new Map<string, number>();

describe('restart mode', () => {
  const VMID = 201;
  let probe: CtProbe;
  beforeAll(async () => {
    await cold.lab.ctCreate(VMID, 'pve1', { service: 'counter', files: 200, dataMiB: 4 });
    await cold.lab.ctStart(VMID);
    probe = await cold.lab.ctProbe(VMID);
  });
  afterAll(() => probe?.stop());

  test.each(['secure', 'insecure', 'tls'] as const)('%s: it is down for a moment, loses nothing it had told, and nothing is left', async (migrationType) => {
    const [source, target] = [cold.lab.ctNode(VMID), other(VMID)];
    const told = await toldBy(probe);
    probe.reset();
    const report = await move(cold, VMID, target, { restart: true, migrationType, healthCheck: 'http:80/' });
    expect(report).toMatchObject({ outcome: 'migrated', source, target, kind: 'lxc', incidents: [], volumes: [{ digest: expect.stringMatching(/^[0-9a-f]{64}$/) as string }] });
    const seen = await expectWhole(probe, VMID, target, told);
    console.log(`${migrationType}: down ${report.downtime?.totalMs} ms (stop ${report.downtime?.stopMs}, last changes ${report.downtime?.deltaMs}, start ${report.downtime?.startMs}), seen from outside ${seen.maxGapMs} ms`);
  });

  test('without --restart it is refused, before anything is touched, and --online says how it moves', async () => {
    const [report, live] = [await move(cold, VMID, other(VMID)), await move(cold, VMID, other(VMID), { online: true })];
    expect(report).toMatchObject({ outcome: 'refused', refusals: [{ code: 'restart-required', sentence: expect.stringContaining("can't migrate running container without --online or --restart") as string }] });
    expect(live).toMatchObject({ outcome: 'refused', refusals: [{ code: 'container-live', sentence: expect.stringContaining('running container can only be migrated in restart mode') as string }] });
    await expectWhole(probe, VMID, cold.lab.ctNode(VMID), 0);
  });

  test('a start that fails on the target only: it is given back and runs on the source, with the reason', async () => {
    const [source, told] = [cold.lab.ctNode(VMID), await toldBy(probe)];
    const file = join(cold.lab.dir, 'nodes', source, 'local', 'only-here.conf');
    writeFileSync(file, '');
    await appendFile(config(VMID), `lxc.include: ${join(cold.lab.dir, 'mnt/local/only-here.conf')}\n`);
    const report = await move(cold, VMID, other(VMID), { restart: true });
    expect(report).toMatchObject({ outcome: 'rolled-back', reason: expect.stringMatching(/did not come up on .* and was given back to/) as string });
    await expectWhole(probe, VMID, source, told);
  });

  test('a service that does not answer on the target: it is given back', async () => {
    const [source, told] = [cold.lab.ctNode(VMID), await toldBy(probe)];
    await cold.lab.exec(source, ['sed', '-i', '/lxc.include/d', config(VMID)]);
    const report = await move(cold, VMID, other(VMID), { restart: true, healthCheck: 'tcp:9' });
    expect(report).toMatchObject({ outcome: 'rolled-back', reason: expect.stringContaining('given back') as string });
    await expectWhole(probe, VMID, source, told);
  });

  test.each([
    ['source agent', 'cold.source.copy.before'], ['source agent', 'cold.source.stop.after'], ['source agent', 'cold.source.verified.after'],
    ['source agent', 'source.handed-over.after'], ['target agent', 'cold.target.whole.after'], ['target agent', 'cold.target.commit.before'],
    ['target agent', 'cold.target.committed.after'], ['target agent', 'cold.target.start.before'], ['target agent', 'cold.target.start.after'],
  ] as const)('%s killed at %s: it runs, once, and nothing is left', async (who, at) => {
    const [source, target, told] = [cold.lab.ctNode(VMID), other(VMID), await toldBy(probe)];
    const points = cold.lab.failpoints(who === 'source agent' ? source : target);
    points.clear();
    points.arm(at, 'kill');
    const report = await move(cold, VMID, target, { restart: true });
    expect(['migrated', 'rolled-back']).toContain(report.outcome);
    await points.untilFired(at, 1000);
    const seen = await expectWhole(probe, VMID, report.outcome === 'migrated' ? target : source, told);
    console.log(`${who} killed at ${at}: ${report.outcome}, silent ${seen.maxGapMs} ms`);
    probe.reset();
  });

  test.each(['cold.source.copied.after', 'cold.source.stop.after', 'cold.source.verified.after'] as const)('cancelled at %s: it runs on the source', async (at) => {
    const [source, told] = [cold.lab.ctNode(VMID), await toldBy(probe)];
    const points = cold.lab.failpoints(source);
    points.clear();
    points.arm(at, 'hang');
    const migration = await begin(cold, VMID, other(VMID), { restart: true });
    await points.untilFired(at, 60_000);
    await migration.cancel();
    // The first copy ends with the cancellation itself; a switch is called off by its activity, which says so.
    if (at !== 'cold.source.copied.after') await untilLogged(source, 'called off by its workflow');
    points.release(at);
    expect(reported(await migration.ending())).toMatchObject({ outcome: 'cancelled' });
    await expectWhole(probe, VMID, source, told);
  });
});

test('an init that does not halt: the timeout holds, and it runs on where it was', async () => {
  const VMID = 202;
  await cold.lab.ctCreate(VMID, 'pve1', { service: 'counter', stubborn: true });
  await cold.lab.ctStart(VMID);
  const probe = await cold.lab.ctProbe(VMID);
  try {
    const told = await toldBy(probe);
    const report = await move(cold, VMID, 'pve2', { restart: true, timeout: 2 });
    expect(report).toMatchObject({ outcome: 'rolled-back', reason: expect.stringMatching(/halt|stop/) as string });
    await expectWhole(probe, VMID, 'pve1', told);
  } finally {
    await probe.stop();
  }
});

test('a stopped container is moved and stays stopped', async () => {
  const VMID = 203;
  await cold.lab.ctCreate(VMID, 'pve1', { files: 20, dataMiB: 1 });
  const report = await move(cold, VMID, 'pve2');
  expect(report).toMatchObject({ outcome: 'migrated', downtime: null, kind: 'lxc' });
  expect(await leftBy(cold, VMID, 'lxc', 'pve2')).toEqual([]);
});

test('on shared storage nothing is copied', async () => {
  const VMID = 204;
  await cold.lab.ctCreate(VMID, 'pve1', { rootfs: 'shared:0', service: 'counter' });
  await cold.lab.ctStart(VMID);
  const probe = await cold.lab.ctProbe(VMID);
  try {
    const told = await toldBy(probe);
    probe.reset();
    const report = await move(cold, VMID, 'pve2', { restart: true });
    expect(report).toMatchObject({ outcome: 'migrated', volumes: [] });
    const seen = await expectWhole(probe, VMID, 'pve2', told);
    console.log(`shared: down ${report.downtime?.totalMs} ms, seen from outside ${seen.maxGapMs} ms`);
  } finally {
    await probe.stop();
  }
});
