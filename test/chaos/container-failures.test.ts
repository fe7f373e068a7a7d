import { join } from 'node:path';
import type { FailpointName } from '../../domain/failpoints.js';
import type { MigrationReport } from '../../domain/contracts/report.js';
import type { CtProbe } from '../../lab/ct-probe.js';
import type { CtWatch } from '../../lab/ct-watch.js';
import { addedMountPoint } from '../../lab/layout.js';
import { begin, reported, startColdLab, type ColdLab } from '../cluster-lab/support/cold.js';
import { untilProgress } from '../cluster-lab/support/cluster.js';
import { expectWhole, toldBy, until } from '../cluster-lab/support/container.js';

jest.setTimeout(180_000);
const VMID = 201;
const REACH_MS = 60_000;
let cold: ColdLab;
let probe: CtProbe;
let watch: CtWatch;
beforeAll(async () => {
  cold = await startColdLab();
  await cold.lab.storages.add('dir', 'small');
  await cold.lab.ctCreate(VMID, 'pve1', { rootfs: 'small:0', service: 'counter', files: 100, dataMiB: 4 });
  watch = cold.lab.ctWatch(VMID);
  await cold.lab.ctStart(VMID);
  probe = await cold.lab.ctProbe(VMID);
});
afterAll(async () => {
  watch?.stop();
  await probe?.stop();
  await cold?.down();
});
afterEach(() => {
  for (const node of cold.lab.nodes) cold.lab.failpoints(node).clear();
  expect(watch.violations()).toEqual([]);
});

const nodes = (): readonly [source: string, target: string] => (cold.lab.ctNode(VMID) === 'pve1' ? ['pve1', 'pve2'] : ['pve2', 'pve1']);
const whole = (owner: string, told: number): Promise<unknown> => expectWhole(cold, probe, { vmid: VMID, owner, told });

/** Moves the container and does `what` while the agent of this node is held at the failpoint. */
async function whileHeld(node: string, at: FailpointName, what: () => Promise<unknown>, wishes: Readonly<Record<string, unknown>> = {}): Promise<MigrationReport> {
  const points = cold.lab.failpoints(node);
  points.arm(at, 'hang');
  const migration = await begin(cold, VMID, nodes()[1], { restart: true, ...wishes });
  await points.untilFired(at, REACH_MS);
  await what();
  points.release(at);
  return reported(await migration.ending());
}

test.each([['pre-sync', 'cold.source.copy.before'], ['final delta', 'cold.source.stop.after']] as const)('target storage full in the %s: it runs on the source, and the reason is told', async (_when, at) => {
  const [[source, target], told] = [nodes(), await toldBy(probe)];
  try {
    const report = await whileHeld(source, at, () => cold.lab.storages.full(target, 'small'));
    expect(report).toMatchObject({ outcome: 'rolled-back', reason: expect.stringMatching(/[Nn]o space left|ENOSPC/) as string });
  } finally {
    await cold.lab.storages.free(target, 'small');
  }
  await whole(source, told);
});

test.each([['pre-sync', 'cold.source.copy.before'], ['final delta', 'cold.source.stop.after']] as const)('target agent killed in the %s: it runs, once, and nothing is left', async (when, at) => {
  const [[source, target], told] = [nodes(), await toldBy(probe)];
  const report = await whileHeld(source, at, () => cold.lab.agent(target, 'kill'));
  console.log(`target agent killed in the ${when}: ${report.outcome}: ${report.reason}`);
  expect(['migrated', 'rolled-back']).toContain(report.outcome);
  await whole(report.outcome === 'migrated' ? target : source, told);
});

test('cancelled in the middle of the pre-sync: it never stopped, and the copy ends with it', async () => {
  const [[source, target], told] = [nodes(), await toldBy(probe)];
  probe.reset();
  const migration = await begin(cold, VMID, target, { restart: true, bwlimitKiBps: 512 });
  await untilProgress(migration, ({ phase }) => phase === 'diskSync');
  while (await received(target) < 256) await new Promise((resolve) => setTimeout(resolve, 20));
  await migration.cancel();
  expect(reported(await migration.ending())).toMatchObject({ outcome: 'cancelled' });
  expect((await probe.snapshot()).boots).toBe(0);
  await whole(source, told);
});

test('nobody else starts it while it moves: neither by hand nor an agent that comes back, before the commit or after', async () => {
  const [[source, target], told] = [nodes(), await toldBy(probe)];
  const startedBy = async (node: string): Promise<string> => (await cold.lab.exec(node, [join(cold.lab.layout.home, 'bin/ferry'), 'ct', 'start', String(VMID)])).stderr;
  const points = cold.lab.failpoints(target);
  points.arm('cold.target.committed.after', 'hang');
  const report = await whileHeld(source, 'cold.source.verified.after', async () => {
    expect(await startedBy(source)).toContain('it is locked (migrate)');
    expect(await startedBy(target)).toContain(`it is on ${source}, this is ${target}`);
    cold.lab.failpoints(source).release('cold.source.verified.after');
    await points.untilFired('cold.target.committed.after', REACH_MS);
    // The config is still here, the guest was ours a moment ago: only the token says that it is not any more.
    await cold.lab.agent(source, 'kill');
    expect(await startedBy(source)).toContain('it is locked (migrate)');
    expect(await startedBy(target)).toContain(`it is on ${source}, this is ${target}`);
    points.release('cold.target.committed.after');
  });
  expect(report).toMatchObject({ outcome: 'migrated' });
  await whole(target, told);
});

test('target loses its power after the hand-over and stays away: it runs on the source, before the target is back', async () => {
  const [[source, target], told] = [nodes(), await toldBy(probe)];
  const points = cold.lab.failpoints(source);
  points.arm('source.handed-over.after', 'hang');
  const migration = await begin(cold, VMID, target, { restart: true });
  await points.untilFired('source.handed-over.after', REACH_MS);
  await cold.lab.crash(target);
  points.release('source.handed-over.after');
  try {
    const { answered } = await probe.snapshot();
    const seen = await until(probe, (report) => report.answered > answered, REACH_MS);
    console.log(`target gone after the hand-over: silent ${seen.maxGapMs} ms`);
  } finally {
    await cold.lab.boot(target);
  }
  expect(reported(await migration.ending())).toMatchObject({ outcome: 'rolled-back' });
  await whole(source, told);
});

/** KiB that have arrived. */
const received = async (node: string): Promise<number> =>
  Number((await cold.lab.exec(node, ['du', '-sk', join(addedMountPoint(cold.lab.layout, 'small'), 'images', String(VMID))])).stdout.split('\t')[0]);
