import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tellMigration } from '../../client/index.js';
import type { MigrationReport } from '../../domain/contracts/report.js';
import { cleanUpWorkflowId } from '../../domain/ids.js';
import { begin, expectAlive, expectWhole, reportOf, startCluster, untilProgress, VMID, type Cluster, type RunningMigration } from '../cluster-lab/support/cluster.js';

jest.setTimeout(240_000);
let cluster: Cluster;
beforeAll(async () => {
  cluster = await startCluster({ nodes: 2, dirtyMiBps: 4 });
});
afterAll(() => cluster?.down());

/** Begins a migration and comes back when the source's QEMU has reached `completed` and its agent has not said so to anybody. */
async function untilCompleted(source: string, target: string): Promise<RunningMigration> {
  const failpoints = cluster.lab.failpoints(source);
  failpoints.arm('source.completed.after', 'hang');
  const migration = await begin(cluster, target);
  await failpoints.untilFired('source.completed.after', 60_000);
  return migration;
}

const confirmFenced = (node: string): Promise<string> => tellMigration(cluster.client, String(VMID), { say: 'confirm-fenced', node, by: 'test' });

const tokens = (): string[] => readdirSync(join(cluster.lab.dir, 'pve/priv/ferry', String(VMID))).filter((name) => /\.(undecided|committed|aborted)$/.test(name));

const agentLog = (node: string): string => readFileSync(join(cluster.lab.dir, 'nodes', node, 'agent/log'), 'utf8');

/** The workflow that waits for the node that was left. */
const cleanedUp = ({ epoch }: MigrationReport): Promise<unknown> =>
  cluster.client.temporal.workflow.getHandle(cleanUpWorkflowId(VMID, epoch)).result();

test('a source frozen after `completed`: its fencing is refused while it answers, taken when it hangs; thawed, it does nothing to the guest and cleans its side', async () => {
  const { lab } = cluster;
  const migration = await untilCompleted('pve1', 'pve2');
  await lab.partition('pve1', 'mgmt');
  await untilProgress(migration, ({ waitingFor }) => waitingFor?.includes('--confirm-fenced pve1') === true, 120_000);
  await expect(confirmFenced('pve1')).rejects.toMatchObject({ kind: 'refused', message: expect.stringMatching(/pve1 is not fenced: .*pve1 at 10\.10\.10\.1 port 22, asked by pve2: answered "SSH-2\.0/) as string });
  expect(tokens()).toEqual([expect.stringMatching(/undecided$/)]);

  await lab.freeze('pve1');
  await lab.heal('pve1', 'mgmt');
  expect(await confirmFenced('pve1')).toContain('pve1 counts as fenced');
  const report = reportOf(await migration.ending());
  expect(report).toMatchObject({ outcome: 'migrated', source: 'pve1', target: 'pve2' });
  expect(report.incidents.join('\n')).toMatch(/test confirmed at .* that pve1 is fenced.*took the connection, but nobody spoke/);
  await expectAlive(cluster);
  expect(tokens()).toEqual([`${report.epoch}.committed`]);

  lab.failpoints('pve1').clear();
  await lab.thaw('pve1');
  expect(await cleanedUp(report)).toEqual(['pve1 is clean']);
  await expectWhole(cluster, 'pve2');
  expect(agentLog('pve1')).toContain(`VM ${VMID}: ${report.epoch} is committed, the guest belongs to pve2: nothing is done to it here`);
});

test('a silent source with a fence command: it is powered off, and the guest goes on on the target without an operator', async () => {
  const { lab } = cluster;
  const config = join(lab.dir, 'control/ferry.json');
  const command = ['env', `FERRY_LAB_DIR=${lab.dir}`, join(process.env['FERRY_HOME'] as string, 'bin/ferry-lab'), 'crash', '{node}'];
  writeFileSync(config, JSON.stringify({ ...JSON.parse(readFileSync(config, 'utf8')) as object, fence: { pve2: { command, afterSeconds: 0 } } }));
  await lab.control('kill');
  const migration = await untilCompleted('pve2', 'pve1');
  await lab.freeze('pve2');
  const report = reportOf(await migration.ending());
  expect(report).toMatchObject({ outcome: 'migrated', source: 'pve2', target: 'pve1' });
  expect(report.incidents.join('\n')).toMatch(/the fence command of pve2 stands for its HANDOVER: `env .* crash pve2` ended with exit code 0/);
  await expectAlive(cluster);

  lab.failpoints('pve2').clear();
  await lab.boot('pve2');
  expect(await cleanedUp(report)).toEqual(['pve2 is clean']);
  await expectWhole(cluster, 'pve1');
});
