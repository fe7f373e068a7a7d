import type { MigrationReport } from '../../domain/contracts/report.js';
import type { MigrationType } from '../../domain/contracts/request.js';
import { expectWhole, migrate, startCluster, type Cluster } from '../cluster-lab/support/cluster.js';

jest.setTimeout(300_000);
let cluster: Cluster;
beforeAll(async () => {
  cluster = await startCluster({ memoryMiB: 512, workingSetMiB: 128, dirtyMiBps: 20 });
});
afterAll(() => cluster?.down());

const RING = ['pve1', 'pve2', 'pve3'] as const;
const TRANSPORTS: readonly MigrationType[] = ['secure', 'insecure', 'tls'];

test.each(TRANSPORTS)('%s: once round the ring, guest whole, nothing left on any node', async (migrationType) => {
  for (const [i, source] of RING.entries()) {
    const target = RING[(i + 1) % RING.length] ?? 'pve1';
    cluster.probe.reset();
    const report = await migrate(cluster, target, { migrationType });
    expect(report).toMatchObject({ outcome: 'migrated', source, target, transport: migrationType, incidents: [] });
    const seen = await expectWhole(cluster, target);
    console.log(line(report, seen.maxGapMs));
  }
});

test('more than 99 % of the bytes cross the migration network', async () => {
  const count = async (network: 'mig' | 'mgmt'): Promise<number> => {
    const { txBytes, rxBytes } = await cluster.lab.interfaceBytes('pve1', network);
    return txBytes + rxBytes;
  };
  const before = { mig: await count('mig'), mgmt: await count('mgmt') };
  const report = await migrate(cluster, 'pve2');
  const mig = await count('mig') - before.mig;
  const mgmt = await count('mgmt') - before.mgmt;
  console.log(`migration network ${mig} bytes, management network ${mgmt} bytes: ${((100 * mig) / (mig + mgmt)).toFixed(2)} %`);
  expect(report.network).toBe('10.10.10.0/24');
  expect(mig / (mig + mgmt)).toBeGreaterThan(0.99);
  await expectWhole(cluster, 'pve2');
});

test('the report explains the move: rounds with reasons, blackout in parts, bytes by channel', async () => {
  const report = await migrate(cluster, 'pve3', { reason: 'kernel update on pve2' });
  expect(report.requestReason).toBe('kernel update on pve2');
  expect(report.rounds.length).toBeGreaterThan(0);
  for (const { step } of report.rounds) expect(step.reason).not.toBe('');
  expect(report.bytes?.ram).toBeGreaterThan(1_000_000);
  expect(report.bytes?.disks).toBeGreaterThanOrEqual(64 * 1024 * 1024);
  const { stopMs = 0, mirrorFinishMs = 0, finalStateMs = 0, handoverMs = 0, totalMs = 0 } = report.blackout ?? {};
  expect(totalMs).toBeGreaterThanOrEqual(stopMs + mirrorFinishMs + finalStateMs + handoverMs);
  await expectWhole(cluster, 'pve3');
});

const line = (r: MigrationReport, gapMs: number): string =>
  `${r.transport} ${r.source}→${r.target}: total ${r.totalMs} ms, QEMU total ${r.qemuTotalMs} ms, QEMU downtime ${r.qemuDowntimeMs} ms, `
  + `blackout ${r.blackout?.totalMs} ms, gap seen ${gapMs} ms, phases ${r.phases.map((p) => `${p.phase} ${p.elapsedMs}`).join(', ')}`;
