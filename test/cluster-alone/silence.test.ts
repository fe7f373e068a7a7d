import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { viewOf } from '../../client/api/look.js';
import type { MigrationReport } from '../../domain/contracts/report.js';
import { begin, expectWhole, reportOf, startCluster, untilMidPrecopy, untilProgress, type Cluster, type RunningMigration } from '../cluster-lab/support/cluster.js';

jest.setTimeout(240_000);
let cluster: Cluster;
beforeAll(async () => {
  cluster = await startCluster({ nodes: 2, memoryMiB: 384, workingSetMiB: 128, dirtyMiBps: 4, disks: ['local:32M'] });
});
afterAll(() => cluster?.down());

/** Slow enough that the fault hits the migration in the middle. */
async function slowly(wishes: Readonly<Record<string, unknown>> = {}): Promise<RunningMigration> {
  await cluster.lab.slow('pve1', 'mig', '60mbit');
  return begin(cluster, 'pve2', wishes);
}

/** How long until an operator is told what is waited for, ms, and its words. */
async function untilTold(migration: RunningMigration, sinceMs: number): Promise<{ ms: number; words: string }> {
  const handle = cluster.client.temporal.workflow.getHandle(migration.workflowId);
  for (;;) {
    const words = (await migration.progress().catch(() => null))?.waitingFor ?? (await viewOf(cluster.client, handle)).waitingFor;
    if (words !== null) return { ms: Math.round(performance.now() - sinceMs), words };
    if (performance.now() - sinceMs > 30_000) throw new Error('nothing was told within 30 s');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** The longest time the guest's disk canary stood still until `over`, ms. */
async function longestHeldWrite(over: Promise<unknown>): Promise<number> {
  let isOver = false;
  void over.finally(() => { isOver = true; });
  let [last, sinceMs, longestMs] = [-1, performance.now(), 0];
  while (!isOver) {
    const sequence = (await cluster.probe.snapshot()).lastAnswer?.diskSeq ?? last;
    if (sequence !== last) [last, sinceMs] = [sequence, performance.now()];
    longestMs = Math.max(longestMs, performance.now() - sinceMs);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return Math.round(longestMs);
}

async function cutThenHeal(migration: RunningMigration): Promise<{ report: MigrationReport; told: { ms: number; words: string }; heldMs: number; endedMs: number }> {
  const cutAtMs = performance.now();
  await cluster.lab.loss('pve2', 'mig', 100);
  const ending = migration.ending();
  const [told, heldMs, report] = await Promise.all([untilTold(migration, cutAtMs), longestHeldWrite(ending), ending.then(reportOf)]);
  const endedMs = Math.round(performance.now() - cutAtMs);
  await cluster.lab.loss('pve2', 'mig', 0);
  await cluster.lab.slow('pve1', 'mig', 'off');
  return { report, told, heldMs, endedMs };
}

function expectCleanAbort({ report, told, heldMs, endedMs }: Awaited<ReturnType<typeof cutThenHeal>>): void {
  console.log(`told after ${told.ms} ms: ${told.words}\nrolled back after ${endedMs} ms, a guest write was held for ${heldMs} ms at most\n${report.reason}`);
  expect(report.outcome).toBe('rolled-back');
  expect(report.reason).toMatch(/nothing was heard from pve2|moved no byte|ssh tunnel ended|QEMU ended the migration/);
  expect(told.ms).toBeLessThan(10_000);
  expect(heldMs).toBeLessThan(10_000);
}

test.each(['insecure', 'tls', 'secure'])('%s: the migration network is lost without a word while memory is copied', async (migrationType) => {
  const migration = await slowly({ migrationType });
  await untilMidPrecopy(migration);
  expectCleanAbort(await cutThenHeal(migration));
  await expectWhole(cluster, 'pve1');
});

test('the migration network is lost without a word while disks are copied', async () => {
  const migration = await slowly({ migrationType: 'insecure' });
  await untilProgress(migration, (p) => p.phase === 'diskSync');
  const ended = await cutThenHeal(migration);
  expect(ended.report.phases.map(({ phase }) => phase)).not.toContain('precopy');
  expectCleanAbort(ended);
  await expectWhole(cluster, 'pve1');
});

test('the target node hangs while memory is copied: the guest is let go at once, the rest waits for the node', async () => {
  const migration = await slowly({ migrationType: 'insecure' });
  await untilMidPrecopy(migration);
  const frozenAtMs = performance.now();
  await cluster.lab.freeze('pve2');
  const givenUp = untilProgress(migration, (p) => p.phase === 'deciding' || p.phase === 'rollingBack');
  const [told, heldMs] = await Promise.all([untilTold(migration, frozenAtMs), longestHeldWrite(givenUp)]);
  const givenUpMs = Math.round(performance.now() - frozenAtMs);
  await cluster.lab.thaw('pve2');
  await cluster.lab.slow('pve1', 'mig', 'off');
  const report = reportOf(await migration.ending());
  console.log(`told after ${told.ms} ms: ${told.words}\ngiven up after ${givenUpMs} ms, a guest write was held for ${heldMs} ms at most\n${report.reason}`);
  expect(report).toMatchObject({ outcome: 'rolled-back', reason: expect.stringMatching(/nothing was heard from pve2|moved no byte/) as string });
  expect(told.ms).toBeLessThan(10_000);
  expect(givenUpMs).toBeLessThan(15_000);
  await expectWhole(cluster, 'pve1');
});

test('only the agent of the source hangs: told by its name, and the same migration goes on when it is back', async () => {
  const migration = await slowly({ migrationType: 'insecure' });
  await untilMidPrecopy(migration);
  const agent = readFileSync(join(cluster.lab.dir, 'nodes', 'pve1', 'agent', 'pid'), 'utf8').trim();
  const hungAtMs = performance.now();
  await cluster.lab.exec('pve1', ['kill', '-STOP', agent]);
  const told = await untilTold(migration, hungAtMs);
  await cluster.lab.exec('pve1', ['kill', '-CONT', agent]);
  await cluster.lab.slow('pve1', 'mig', 'off');
  const report = reportOf(await migration.ending());
  console.log(`told after ${told.ms} ms: ${told.words}; ${report.outcome}: ${report.incidents.join('; ')}`);
  expect(told.ms).toBeLessThan(10_000);
  expect(told.words).toMatch(/^pve1 to answer precopy/);
  await expectWhole(cluster, report.outcome === 'migrated' ? 'pve2' : 'pve1');
});
