import type { MigrationFacts } from '../../../domain/contracts/facts.js';
import { isCold, type LivePlan } from '../../../domain/contracts/plan.js';
import type { MigrateRequest } from '../../../domain/contracts/request.js';
import { checkPrerequisites } from '../../../domain/prerequisites/index.js';
import { targetFormat } from '../../../domain/prerequisites/formats.js';
import { GIB, MIB } from '../../../domain/units.js';
import { cluster, config, disk, drive, goodFacts, goodRequest, node, source, storage, target, withConfig } from './facts.js';

function planFor(facts: Partial<MigrationFacts> = {}, request: Partial<MigrateRequest> = {}): LivePlan {
  const { plan, refusals } = checkPrerequisites(goodFacts(facts), { ...goodRequest, ...request });
  if (plan === null) throw new Error(`refused: ${refusals.map(({ sentence }) => sentence).join('; ')}`);
  if (isCold(plan)) throw new Error('planned as a cold move');
  return plan;
}

describe('the plan', () => {
  test('of a plain request', () => {
    expect(planFor()).toEqual({
      vmid: 101, name: 'web', source: 'pve1', target: 'pve2', mode: 'live', machine: 'pc-i440fx-10.0', keepPaused: false, memoryBytes: 512 * MIB,
      transport: { type: 'secure', network: null, sourceAddress: '10.0.0.1', targetAddress: '10.0.0.2', multifdChannels: 0 },
      disks: [{ drive: 'scsi0', sourceVolid: 'local:101/vm-101-disk-0.qcow2', sourceFormat: 'qcow2', targetStorage: 'local', targetFormat: 'qcow2', sizeBytes: 2 * GIB }],
      bandwidthBytesPerSecond: null,
      policy: { initialDowntimeLimitMs: 25, downtimeBudgetMs: 300, deadlineSeconds: 1800, maxCpuThrottlePercent: 80 },
      silence: { noticedAfterMs: 3000, abortAfterMs: 6000 },
    });
  });

  test.each([
    ['running', false],
    ['paused', true],
    ['prelaunch', true],
  ] as const)('a %s guest stays paused on the target: %s', (state, keepPaused) => {
    expect(planFor({ source: source({ state }) }).keepPaused).toBe(keepPaused);
  });

  test.each([
    ['1', 'local'],
    ['fast', 'fast'],
    ['local:fast', 'fast'],
    ['shared:fast', 'local'],
    ['local:shared', 'shared'],
  ])('--targetstorage %s puts the local disk on %s, and leaves the shared one alone', (targetStorage, expected) => {
    expect(planFor({}, { targetStorage }).disks.map((disk) => [disk.drive, disk.targetStorage])).toEqual([['scsi0', expected]]);
  });

  test.each<[string, Partial<MigrateRequest>, 'raw' | 'qcow2' | 'vmdk' | null, 'raw' | 'qcow2']>([
    ['without a wish stays what it was', { targetStorage: 'fast' }, null, 'qcow2'],
    ['takes the format of the storage it goes to', { targetStorage: 'fast' }, 'raw', 'raw'],
    ['does not take a format this version does not write', { targetStorage: 'fast' }, 'vmdk', 'qcow2'],
    ["becomes what the request says, whatever the storage's format", { targetStorage: 'fast', targetFormat: 'qcow2' }, 'raw', 'qcow2'],
    ['becomes what the request says on the storage of the same name', { targetFormat: 'raw' }, null, 'raw'],
  ])('a qcow2 disk %s', (_title, request, format, expected) => {
    const values = format === null ? {} : { format };
    const facts = { cluster: cluster({ storages: [storage({}), storage({ id: 'fast', path: '/fast', values }), storage({ id: 'shared', path: '/shared', shared: true })] }) };
    expect(planFor(facts, request).disks.map(({ targetFormat: to }) => to)).toEqual([expected]);
  });

  test('a disk that keeps its storage keeps its format', () => {
    const storages = [storage({ values: { format: 'raw' } }), storage({ id: 'shared', path: '/shared', shared: true })];
    expect(planFor({ cluster: cluster({ storages }) }).disks.map(({ targetFormat: to }) => to)).toEqual(['qcow2']);
  });

  test('the request beats datacenter.cfg in network and type', () => {
    const facts = { cluster: cluster({ datacenter: { migration: { type: 'tls', network: '10.0.0.0/24' }, bwlimitKiBps: {} } }) };
    expect(planFor(facts).transport).toMatchObject({ type: 'tls', network: '10.0.0.0/24', sourceAddress: '10.0.0.1' });
    const transport = planFor(facts, { migrationNetwork: '10.1.2.150/24', migrationType: 'insecure' }).transport;
    expect(transport).toMatchObject({ type: 'insecure', network: '10.1.2.150/24', sourceAddress: '10.1.2.1', targetAddress: '10.1.2.2' });
  });

  test.each<[MigrateRequest['migrationType'] & string, boolean, number | null, number]>([
    ['secure', true, 16, 0],
    ['insecure', true, 16, 4],
    ['tls', true, 2, 2],
    ['tls', true, null, 4],
    ['tls', false, 16, 0],
  ])('%s with multifd %s on the target and %s CPUs uses %d channels', (migrationType, multifd, cpuCount, channels) => {
    const facts = { target: target({ multifd, ...(cpuCount === null ? {} : { cpuCount }) }) };
    expect(planFor(facts, { migrationType }).transport.multifdChannels).toBe(channels);
  });

  test.each<[string, Record<string, string>, Partial<MigrateRequest>, number, number]>([
    ['nothing said', {}, {}, 25, 300],
    ['a request above the default', {}, { downtimeLimitMs: 1000 }, 25, 1000],
    ['a request below the first limit', {}, { downtimeLimitMs: 20 }, 20, 20],
    ['migrate_downtime above the default budget', { migrate_downtime: '0.5' }, {}, 500, 500],
    ['migrate_downtime below it', { migrate_downtime: '.05' }, {}, 50, 300],
    ['migrate_downtime 0', { migrate_downtime: '0' }, {}, 1, 300],
    ['migrate_downtime beyond what QEMU takes', { migrate_downtime: '9999' }, {}, 2_000_000, 2_000_000],
  ])('downtime, %s', (_title, values, request, initialDowntimeLimitMs, downtimeBudgetMs) => {
    expect(planFor({ cluster: withConfig({ values }) }, request).policy).toMatchObject({ initialDowntimeLimitMs, downtimeBudgetMs });
  });

  test('deadline and throttle of the request', () => {
    expect(planFor({}, { convergenceDeadlineSeconds: 60, maxCpuThrottlePercent: 40 }).policy).toMatchObject({ deadlineSeconds: 60, maxCpuThrottlePercent: 40 });
  });

  test('one bandwidth, from the storages that data passes through, and migrate_speed', () => {
    const storages = [storage({ bwlimitKiBps: { migration: 4096 } }), storage({ id: 'fast', path: '/fast', bwlimitKiBps: { default: 2048 } }), storage({ id: 'shared', shared: true, bwlimitKiBps: { default: 1 } })];
    const guest = { kind: 'qemu', node: 'pve1', config: config({ values: { migrate_speed: '3' } }) } as const;
    const facts = { cluster: cluster({ storages, guest }) };
    expect(planFor(facts).bandwidthBytesPerSecond).toBe(3 * MIB);
    expect(planFor(facts, { targetStorage: 'fast' }).bandwidthBytesPerSecond).toBe(2 * MIB);
    expect(planFor(facts, { bwlimitKiBps: 1024 }).bandwidthBytesPerSecond).toBe(MIB);
  });

  test('disks on one target storage are counted together', () => {
    const drives = [drive('scsi0', 'local:101/vm-101-disk-0.qcow2'), drive('scsi1', 'fast:101/vm-101-disk-1.raw')];
    const disks = [disk(), disk({ drive: 'scsi1', volid: 'fast:101/vm-101-disk-1.raw', path: '/fast/images/101/vm-101-disk-1.raw', format: 'raw' })];
    const facts = goodFacts({
      cluster: withConfig({ drives }),
      source: source({ disks }),
      target: target({ storages: node('pve2').storages.map((s) => ({ ...s, availableBytes: 3 * GIB })) }),
    });
    expect(checkPrerequisites(facts, goodRequest).refusals).toEqual([]);
    expect(checkPrerequisites(facts, { ...goodRequest, targetStorage: 'fast' }).refusals.map(({ sentence }) => sentence)).toEqual([
      "not enough space on storage 'fast' of node 'pve2': 4.0 GiB needed, 3.0 GiB available",
    ]);
  });
});

test.each([
  ['qcow2', 'dir', undefined, 'qcow2'],
  ['qcow2', 'rawonly', undefined, 'raw'],
  ['raw', 'qcowonly', 'raw', 'qcow2'],
] as const)('%s on a %s storage with format %s becomes %s', (from, type, format, expected) => {
  const known = new Map<string, ['raw' | 'qcow2', ...('raw' | 'qcow2')[]]>([['dir', ['raw', 'qcow2']], ['rawonly', ['raw']], ['qcowonly', ['qcow2']]]);
  const wish = { requested: undefined, source: from, changesStorage: true };
  expect(targetFormat(wish, storage({ type, values: format === undefined ? {} : { format } }), known)).toBe(expected);
});
