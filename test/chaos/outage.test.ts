import { setTimeout as sleep } from 'node:timers/promises';
import { begin, expectWhole, reportOf, startCluster, untilMidPrecopy, VMID, type Cluster, type RunningMigration } from '../cluster-lab/support/cluster.js';

/** How long Temporal is away. */
const OUTAGE_MS = Number(process.env['OUTAGE_SECONDS'] ?? 120) * 1000;
jest.setTimeout(OUTAGE_MS + 240_000);

let cluster: Cluster;
beforeAll(async () => {
  cluster = await startCluster({ nodes: 2, memoryMiB: 256, workingSetMiB: 64, dirtyMiBps: 4 });
});
afterAll(() => cluster?.down());

test('Temporal away, from the middle of pre-copy: the guest runs on, the migration ends by itself, its report is complete', async () => {
  await cluster.lab.slow('pve1', 'mig', '80mbit');
  const migration = await begin(cluster, 'pve2');
  await untilMidPrecopy(migration);
  await outage(async () => { await cluster.lab.slow('pve1', 'mig', 'off'); });
  await expectComplete(migration, 'pve2');
});

test('Temporal away, from the middle of the blackout: the agents finish the switch between themselves', async () => {
  const failpoints = cluster.lab.failpoints('pve2');
  failpoints.arm('source.handed-over.after', 'delay', { ms: 1000 });
  cluster.probe.reset();
  const migration = await begin(cluster, 'pve1');
  await failpoints.untilFired('source.handed-over.after', 60_000);
  await outage(async () => {
    await untilOn('pve1');
  });
  await expectComplete(migration, 'pve1');
  // The second of the failpoint is in it; what Temporal's absence would add is two minutes.
  expect((await cluster.probe.snapshot()).maxGapMs).toBeLessThan(20_000);
});

/** Kills the server and starts it again after the whole time; `meanwhile` has to come true without it. */
async function outage(meanwhile: () => Promise<void>): Promise<void> {
  await cluster.lab.temporal('kill');
  try {
    await Promise.all([meanwhile(), sleep(OUTAGE_MS)]);
  } finally {
    await cluster.lab.temporal('start');
  }
}

async function expectComplete(migration: RunningMigration, owner: string): Promise<void> {
  const report = reportOf(await migration.ending());
  expect(report.outcome).toBe('migrated');
  expect(report.blackout).not.toBeNull();
  expect(report.bytes?.ram).toBeGreaterThan(0);
  expect(report.rounds.length).toBeGreaterThan(0);
  process.stdout.write(`total ${report.totalMs} ms, blackout ${report.blackout?.totalMs} ms, incidents: ${report.incidents.join('; ') || 'none'}\n`);
  await expectWhole(cluster, owner);
}

async function untilOn(node: string): Promise<void> {
  while (cluster.lab.vmNode(VMID) !== node) await sleep(100);
}
