import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runOk } from '../../../../hypervisor/exec.js';
import { QmpClient } from '../../../../hypervisor/qemu/qmp/client.js';
import { Monitor } from '../../../../hypervisor/qemu/qmp/monitor.js';
import { startBareQemu, type BareQemu } from '../../support/bare-qemu.js';

let folder: string;
const running: { qemu: BareQemu; client: QmpClient }[] = [];
beforeEach(async () => { folder = await mkdtemp(join(tmpdir(), 'mon-')); });
afterEach(async () => {
  for (const { qemu, client } of running.splice(0)) {
    client.close();
    await qemu.kill();
  }
  await rm(folder, { recursive: true, force: true });
});

async function start(name: string, args: readonly string[] = []): Promise<{ qemu: BareQemu; client: QmpClient; monitor: Monitor }> {
  const qemu = startBareQemu(folder, ['-S', ...args], name);
  const client = await QmpClient.connect(qemu.qmpPath, { timeoutMs: 10_000 });
  running.push({ qemu, client });
  return { qemu, client, monitor: new Monitor(client) };
}

async function image(name: string): Promise<string> {
  const path = join(folder, name);
  await runOk('qemu-img', ['create', '-q', '-f', 'raw', path, '16M']);
  return path;
}

const disk = (path: string): string[] => ['-blockdev', JSON.stringify({ driver: 'raw', 'node-name': 'drive-scsi0', file: { driver: 'file', 'node-name': 'file-scsi0', filename: path } })];

describe('Monitor', () => {
  it('asks for state, version, machines, models, accelerator and threads', async () => {
    const { monitor } = await start('one');
    expect(await monitor.queryStatus()).toEqual({ status: 'prelaunch', running: false });
    expect(await monitor.queryMachines()).toContainEqual(expect.objectContaining({ alias: 'pc', deprecated: false }));
    expect((await monitor.queryCpuDefinitions()).map((c) => c.name)).toContain('kvm64');
    expect((await monitor.queryKvm()).enabled).toBe(false);
    expect(await monitor.queryCpusFast()).toEqual([{ cpuIndex: 0, threadId: expect.any(Number) as number }]);
    expect(await monitor.qomGet('/machine', 'type')).toMatch(/^pc-i440fx-.*-machine$/);
    await monitor.cont();
    expect((await monitor.queryStatus()).running).toBe(true);
    await monitor.systemPowerdown();
    await monitor.announceSelf();
    await monitor.stop();
  });

  it('says why a guest cannot migrate, and null for what there is not', async () => {
    const { monitor } = await start('one', ['-blockdev', `driver=vvfat,node-name=fat,dir=${folder},rw=on`]);
    expect(await monitor.queryMigrate()).toMatchObject({ status: null, ram: null, downtimeMs: null, blockedReasons: expect.arrayContaining([expect.stringContaining('vvfat')]) as string[] });
  });

  it('migrates a paused machine and its disk to another QEMU over unix sockets', async () => {
    const [sourceImage, targetImage] = [await image('a.raw'), await image('b.raw')];
    const source = await start('src', disk(sourceImage));
    const target = await start('dst', [...disk(targetImage), '-incoming', 'defer']);

    await target.monitor.nbdServerStart({ type: 'unix', path: join(folder, 'nbd') });
    await target.monitor.blockExportAdd({ id: 'e0', nodeName: 'drive-scsi0', exportName: 'drive-scsi0', writable: true });
    expect(await target.monitor.queryBlockExports()).toEqual([{ id: 'e0', nodeName: 'drive-scsi0', shuttingDown: false }]);

    const ready = source.client.waitForEvent((e) => e.event === 'BLOCK_JOB_READY', 10_000);
    await source.monitor.blockdevAdd({ driver: 'nbd', 'node-name': 'mirror', server: { type: 'unix', path: join(folder, 'nbd') }, export: 'drive-scsi0' });
    expect((await source.monitor.queryNamedBlockNodes()).map((n) => n.nodeName)).toEqual(expect.arrayContaining(['drive-scsi0', 'file-scsi0', 'mirror']));
    await source.monitor.blockdevMirror({ 'job-id': 'm0', device: 'drive-scsi0', target: 'mirror', sync: 'full', 'copy-mode': 'background' });
    await ready;
    await source.monitor.blockJobSetSpeed('m0', 1 << 30);
    await source.monitor.blockJobChange({ id: 'm0', type: 'mirror', 'copy-mode': 'write-blocking' });
    expect(await source.monitor.queryBlockJobs()).toEqual([expect.objectContaining({ device: 'm0', ready: true, speed: 1 << 30, activelySynced: expect.any(Boolean) as boolean })]);

    for (const { monitor } of [source, target]) await monitor.migrateSetCapabilities({ events: true, 'return-path': true });
    await source.monitor.migrateSetCapabilities({ 'pause-before-switchover': true });
    expect(await source.monitor.queryMigrateCapabilities()).toMatchObject({ events: true, multifd: false, 'pause-before-switchover': true });
    await source.monitor.migrateSetParameters({ 'downtime-limit': 77 });
    expect(await source.monitor.queryMigrateParameters()).toMatchObject({ 'downtime-limit': 77 });

    await target.monitor.migrateIncoming({ type: 'unix', path: join(folder, 'ram') });
    const paused = source.client.waitForEvent((e) => e.data['status'] === 'pre-switchover', 20_000);
    await source.monitor.migrate({ type: 'unix', path: join(folder, 'ram') });
    await paused;
    const mirrored = source.client.waitForEvent((e) => e.event === 'BLOCK_JOB_COMPLETED', 10_000);
    await source.monitor.blockJobCancel('m0', false);
    await mirrored;
    const completed = source.client.waitForEvent((e) => e.data['status'] === 'completed', 20_000);
    await source.monitor.migrateContinue('pre-switchover');
    await completed;

    const info = await source.monitor.queryMigrate();
    expect(info).toMatchObject({ status: 'completed', ram: { remaining: 0, pageSize: 4096 }, errorDesc: null });
    expect(info.ram!.dirtySyncCount).toBeGreaterThan(0);
    expect(info.downtimeMs).not.toBeNull();
    await target.monitor.nbdServerStop();
    await source.monitor.blockdevDel('mirror');
    expect((await target.monitor.queryStatus()).status).not.toBe('inmigrate');
  });

  it('listens for a stream on TCP and says on which port', async () => {
    const { monitor } = await start('dst', ['-incoming', 'defer']);
    await monitor.migrateIncoming({ type: 'inet', host: '127.0.0.1', port: '0' });
    const { socketAddress } = await monitor.queryMigrate();
    expect(socketAddress).toEqual([expect.objectContaining({ type: 'inet', host: '127.0.0.1' })]);
    expect((await monitor.queryStatus()).status).toBe('inmigrate');
  });

  it('cancels a stream that stands in pre-switchover, and the machine is its own again', async () => {
    const source = await start('src');
    const target = await start('dst', ['-incoming', 'defer']);
    await target.monitor.migrateIncoming({ type: 'unix', path: join(folder, 'ram') });
    await source.monitor.migrateSetCapabilities({ events: true, 'pause-before-switchover': true });
    const paused = source.client.waitForEvent((e) => e.data['status'] === 'pre-switchover', 20_000);
    const cancelled = source.client.waitForEvent((e) => e.data['status'] === 'cancelled', 20_000);
    await source.monitor.migrate({ type: 'unix', path: join(folder, 'ram') });
    await paused;
    await source.monitor.migrateCancel();
    await cancelled;
    expect((await source.monitor.queryMigrate()).status).toBe('cancelled');
  });

  it('adds objects, and deletes them', async () => {
    const { monitor } = await start('one');
    await monitor.objectAdd({ 'qom-type': 'iothread', id: 'io1' });
    await monitor.objectDel('io1');
    await expect(monitor.objectDel('io1')).rejects.toThrow(/^QMP object-del failed: .*io1/);
  });

  it('knows no reason against a plain machine', async () => {
    const { monitor } = await start('one');
    expect((await monitor.queryMigrate()).blockedReasons).toEqual([]);
  });

  it('ends QEMU', async () => {
    const { monitor, client } = await start('one');
    const closed = new Promise<void>((resolve) => client.onClose(resolve));
    await monitor.quit();
    await closed;
  });
});
