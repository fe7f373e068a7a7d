import { begin, expectWhole, migrate, reportOf, startCluster, untilMidPrecopy, VMID, type Cluster } from './support/cluster.js';
import { startByHand } from './support/start-by-hand.js';

jest.setTimeout(180_000);
let cluster: Cluster;
beforeAll(async () => {
  cluster = await startCluster({ workingSetMiB: 64, dirtyMiBps: 30, nodes: 2 });
});
afterAll(() => cluster?.down());
afterEach(() => cluster.lab.slow('pve1', 'mig', 'off'));

test('a guest that dirties faster than the link carries: clean abort by the deadline, guest untouched, the reason told', async () => {
  await cluster.lab.slow('pve1', 'mig', '80mbit');
  const report = await migrate(cluster, 'pve2', { convergenceDeadlineSeconds: 12 });
  expect(report.outcome).toBe('rolled-back');
  expect(report.reason).toMatch(/deadline|12 s|not converg/i);
  expect(report.rounds.at(-1)?.step.action).toBe('abort');
  await expectWhole(cluster, 'pve1');
});

test('cancelled in mid pre-copy: rolled back, nothing left', async () => {
  await cluster.lab.slow('pve1', 'mig', '80mbit');
  const migration = await begin(cluster, 'pve2');
  await untilMidPrecopy(migration);
  await migration.cancel();
  expect(reportOf(await migration.ending())).toMatchObject({ outcome: 'cancelled' });
  await expectWhole(cluster, 'pve1');
});

test('a second migration of the same guest under another id is refused by the lock, which names the first', async () => {
  await cluster.lab.slow('pve1', 'mig', '80mbit');
  const first = await begin(cluster, 'pve2');
  await untilMidPrecopy(first);
  const second = await startByHand(cluster.client, 'by-hand', { vmid: VMID, target: 'pve2' });
  expect(await second.failure()).toMatch(new RegExp(first.workflowId));
  await cluster.lab.slow('pve1', 'mig', 'off');
  expect(reportOf(await first.ending())).toMatchObject({ outcome: 'migrated' });
  await expectWhole(cluster, 'pve2');
});

test('started from the Temporal UI with two keys: live by default', async () => {
  const run = await startByHand(cluster.client, 'two-keys', { vmid: VMID, target: 'pve1' });
  expect(await run.result()).toMatchObject({ outcome: 'migrated', source: 'pve2', target: 'pve1' });
  await expectWhole(cluster, 'pve1');
});

test.each([
  ['no target', { vmid: VMID }, /target/],
  ['a vmid that is none', { vmid: 'web', target: 'pve2' }, /vmid.*web|web.*vmid/],
  ['a key nobody knows', { vmid: VMID, target: 'pve2', bwlimt: 5 }, /bwlimt.*bwlimit|bwlimit.*bwlimt/],
])('bad input from the UI (%s) fails at once with a sentence', async (_name, input, sentence) => {
  const run = await startByHand(cluster.client, 'bad-input', input);
  expect(await run.failure()).toMatch(sentence);
  await expectWhole(cluster, 'pve1');
});
