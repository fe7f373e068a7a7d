import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ClusterReconciliation, Finding } from '../../domain/contracts/reconcile.js';
import { awaitSettled, checkMigration, reconcile } from '../../client/index.js';
import { parseMigrateRequest } from '../../domain/edge/migrate-request.js';
import { begin, expectWhole, migrate, startCluster, untilMidPrecopy, untilProgress, VMID, type Cluster, type RunningMigration } from './support/cluster.js';
import { configText, leftovers } from '../matrix/leftovers.js';

jest.setTimeout(240_000);
let cluster: Cluster;
beforeAll(async () => {
  cluster = await startCluster({ memoryMiB: 256, workingSetMiB: 64, dirtyMiBps: 4, nodes: 2 });
  for (const node of cluster.lab.nodes) await withoutTimer(node);
});
afterAll(() => cluster?.down());

/** What is settled here is settled because somebody noticed or asked, and a dry run stays one. */
async function withoutTimer(node: string): Promise<void> {
  const file = join(cluster.lab.dir, 'nodes', node, 'ferry.json');
  writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')) as object, reconcileIntervalSeconds: 0 }));
  await cluster.lab.agent(node, 'stop');
  await cluster.lab.agent(node, 'start');
}

/** As `temporal workflow terminate`, or the UI's button. */
const terminate = ({ workflowId }: RunningMigration): Promise<unknown> => cluster.client.temporal.workflow.getHandle(workflowId).terminate('by hand');
const look = (node: string | null = null): Promise<ClusterReconciliation> => reconcile(cluster.client, { dryRun: true, node });
const findings = ({ nodes }: ClusterReconciliation): Finding[] => nodes.flatMap((node) => node.findings);
const inPve = (...path: string[]): string => join(cluster.lab.dir, 'pve', ...path);

const folder = (): string => inPve('priv', 'ferry', String(VMID));

/** Returns the text as it was. */
function changeConfig(edit: (text: string) => string): string {
  const file = inPve('nodes', 'pve1', 'qemu-server', `${VMID}.conf`);
  const before = readFileSync(file, 'utf8');
  writeFileSync(file, edit(before));
  return before;
}

/** Nobody is asked to do anything: the agents notice by themselves. Returns how long it took. */
async function untilNothingIsLeft(owner: string, withinMs = 90_000): Promise<number> {
  const begunAtMs = performance.now();
  for (;;) {
    const left = await leftovers(cluster.lab, VMID, owner);
    if (left.length === 0) return performance.now() - begunAtMs;
    if (performance.now() - begunAtMs > withinMs) throw new Error(`still there: ${left.join('; ')}`);
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

test.each([
  ['while disks are copied', (m: RunningMigration) => untilProgress(m, ({ phase }) => phase === 'diskSync')],
  ['in mid pre-copy', untilMidPrecopy],
])('terminated %s: the agents notice, undo everything, and the next migration is free to go', async (_title, moment) => {
  await cluster.lab.slow('pve1', 'mig', '80mbit');
  const migration = await begin(cluster, 'pve2');
  await moment(migration);
  await terminate(migration);
  const elapsedMs = await untilNothingIsLeft('pve1');
  console.log(`terminated ${_title}: nothing left after ${(elapsedMs / 1000).toFixed(1)} s`);
  await cluster.lab.slow('pve1', 'mig', 'off');
  await expectWhole(cluster, 'pve1');
  expect(findings(await look())).toEqual([]);
});

test('terminated behind the commit, before the source is cleaned up: it goes forward', async () => {
  const source = cluster.lab.failpoints('pve1');
  source.arm('source.cleanup.before', 'hang');
  const migration = await begin(cluster, 'pve2');
  await source.untilFired('source.cleanup.before', 90_000);
  await terminate(migration);
  source.clear();
  const found = await reconcile(cluster.client, { dryRun: false, node: null });
  await awaitSettled(cluster.client, found.nodes.flatMap(({ settling }) => settling));
  await untilNothingIsLeft('pve2');
  await expectWhole(cluster, 'pve2');
  expect(await migrate(cluster, 'pve1')).toMatchObject({ outcome: 'migrated' });
  await expectWhole(cluster, 'pve1');
});

test('a lock whose run is gone: refused in so many words, shown by a dry run that touches nothing, released with the proof', async () => {
  const epoch = '00000000-1111-2222-3333-444444444444';
  const owner = { epoch, workflowId: 'migrate-guest-101-of-old', requestedBy: 'operator', since: '2026-01-01T00:00:00.000Z', nodes: ['pve1', 'pve2'] };
  mkdirSync(folder(), { recursive: true });
  for (const name of ['lock.json', `${epoch}.claim`]) writeFileSync(join(folder(), name), JSON.stringify(owner));
  changeConfig((text) => `${text.trimEnd()}\nlock: migrate\n`);
  const { refusals } = await checkMigration(cluster.client, parseMigrateRequest({ vmid: VMID, target: 'pve2', requestedBy: 'test' }));
  expect(refusals.find(({ code }) => code === 'guest-locked')).toMatchObject({
    sentence: expect.stringMatching(/by migrate-guest-101-of-old, requested by operator at 2026.*that workflow is closed/) as string,
    remedy: expect.stringContaining('ferry reconcile') as string,
  });

  const dry = await look();
  expect(findings(dry)).toMatchObject([{ verdict: 'settle', vmid: VMID, epoch, subject: 'lock' }]);
  expect(dry.nodes.flatMap(({ settling }) => settling)).toEqual([]);
  expect(readdirSync(folder()).sort()).toEqual([`${epoch}.claim`, 'lock.json']);

  const found = await reconcile(cluster.client, { dryRun: false, node: null });
  const [settled] = await awaitSettled(cluster.client, found.nodes.flatMap(({ settling }) => settling));
  expect(settled?.ending).toMatchObject({ kind: 'report', report: { outcome: 'rolled-back', epoch, incidents: ['the server knows no run of migrate-guest-101-of-old any more'] } });
  await expectWhole(cluster, 'pve1');
});

test('strangers and foreign locks are listed, and stay', async () => {
  const epoch = '99999999-1111-2222-3333-444444444444';
  mkdirSync(folder(), { recursive: true });
  writeFileSync(join(folder(), `${epoch}.undecided`), '');
  const before = changeConfig((text) => `${text.trimEnd()}\nlock: migrate\n`);
  const inNode = (argv: readonly string[]): Promise<unknown> => cluster.lab.exec('pve2', argv);
  await inNode(['mkdir', '-p', '/run/ferry/999-aaaabbbbcccc']);
  await inNode(['ip', 'tuntap', 'add', 'dev', 'tap999i0', 'mode', 'tap']);
  try {
    const found = await reconcile(cluster.client, { dryRun: false, node: null });
    const seen = findings(found).map(({ verdict, vmid, subject }) => `${verdict} ${vmid} ${subject}`).sort();
    expect(seen).toEqual(['stranger 101 lock: migrate', 'stranger 101 token', 'stranger 999 run directory /run/ferry/999-aaaabbbbcccc', 'stranger 999 tap tap999i0']);
    expect(found.nodes.flatMap(({ settling }) => settling)).toEqual([]);
    expect(existsSync(join(folder(), `${epoch}.undecided`))).toBe(true);
    expect((await configText(cluster.lab, VMID)).text).toMatch(/^lock: migrate$/m);
    expect((await cluster.lab.exec('pve2', ['ls', '/run/ferry'])).stdout).toContain('999-aaaabbbbcccc');
  } finally {
    rmSync(folder(), { recursive: true, force: true });
    writeFileSync(inPve('nodes', 'pve1', 'qemu-server', `${VMID}.conf`), before);
    await inNode(['rmdir', '/run/ferry/999-aaaabbbbcccc']);
    await inNode(['ip', 'link', 'del', 'dev', 'tap999i0']);
  }
  await expectWhole(cluster, 'pve1');
});
