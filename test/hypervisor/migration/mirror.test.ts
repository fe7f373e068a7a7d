import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DiskMove } from '../../../domain/contracts/plan.js';
import { runOk } from '../../../hypervisor/exec.js';
import { abandonMirrors, awaitMirrorsSynced, finishMirrors, mirrorJob, mirroredBytes, setMirrorBandwidth, startMirrors, type MirrorDeps } from '../../../hypervisor/qemu/migration/mirror.js';
import { QmpClient } from '../../../hypervisor/qemu/qmp/client.js';
import { Monitor } from '../../../hypervisor/qemu/qmp/monitor.js';
import { startBareQemu, type BareQemu } from '../support/bare-qemu.js';

jest.setTimeout(60_000);
const MIB = 1024 * 1024;

interface Side extends MirrorDeps {
  readonly qemu: BareQemu;
}

let folder: string;
let sides: Side[];
let disks: readonly DiskMove[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ferry-mirror-'));
  sides = [];
});
afterEach(async () => {
  for (const { client, qemu } of sides) {
    client.close();
    await qemu.kill();
  }
  await rm(folder, { recursive: true, force: true });
});

const exportsOf = (): { drive: string; exportName: string; volid: string; format: 'raw' }[] =>
  disks.map(({ drive }) => ({ drive, exportName: drive, volid: `fast:${drive}`, format: 'raw' }));
const nbd = (): { type: 'unix'; path: string } => ({ type: 'unix', path: join(folder, 'nbd.sock') });
const start = (source: Side, bytesPerSecondEach: number | null): Promise<void> => startMirrors(source, disks, exportsOf(), nbd(), { tls: false, bytesPerSecondEach });
const sync = (source: Side, budget: number | null, signal = AbortSignal.timeout(40_000)): Promise<void> => awaitMirrorsSynced(source, disks, () => undefined, signal, () => budget);
const jobs = async ({ monitor }: Side): ReturnType<Monitor['queryBlockJobs']> => monitor.queryBlockJobs();

/** A source whose disks are full of data and a target that offers as large ones. */
async function pair(...sizesMiB: readonly number[]): Promise<Side> {
  disks = sizesMiB.map((size, i) => ({ drive: `scsi${i}`, sourceVolid: `local:${i}`, sourceFormat: 'raw', targetStorage: 'fast', targetFormat: 'raw', sizeBytes: size * MIB }));
  const source = await side('source');
  const target = await side('target');
  await target.monitor.nbdServerStart(nbd());
  for (const { drive } of disks) await target.monitor.blockExportAdd({ id: drive, nodeName: `drive-${drive}`, exportName: drive, writable: true });
  return source;
}

async function side(name: string): Promise<Side> {
  const args = ['-S'];
  for (const { drive, sizeBytes } of disks) {
    const file = join(folder, `${name}-${drive}.raw`);
    await runOk('qemu-img', ['create', '-q', '-f', 'raw', file, String(sizeBytes)]);
    if (name === 'source') await runOk('qemu-io', ['-f', 'raw', '-c', `write -q -P 7 0 ${sizeBytes}`, file]);
    args.push('-blockdev', `driver=file,node-name=file-${drive},filename=${file}`, '-blockdev', `driver=raw,node-name=drive-${drive},file=file-${drive}`);
    // Only an incoming QEMU lets go of a disk that a device has.
    if (name === 'source') args.push('-device', `virtio-blk-pci,id=${drive},drive=drive-${drive}`);
  }
  const qemu = startBareQemu(folder, args, name);
  const client = await QmpClient.connect(qemu.qmpPath, { timeoutMs: 20_000 });
  const made = { qemu, client, monitor: new Monitor(client) };
  sides.push(made);
  return made;
}

/** Writes through the guest's device, as a guest would, until stopped. */
function writer({ client }: Side, drive: string, sizeBytes: number): { stop(): Promise<void> } {
  let on = true;
  const chunk = MIB / 2;
  const write = async (): Promise<void> => {
    for (let n = 0; on; n += 1) {
      const offset = (n * chunk) % sizeBytes;
      await client.execute('human-monitor-command', { 'command-line': `qemu-io -d /machine/peripheral/${drive}/virtio-backend "write -q -P ${n % 250} ${offset} ${chunk}"` });
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };
  const done = write();
  return { stop: async () => { on = false; await done; } };
}

const sameContent = (): Promise<unknown> => Promise.all(disks.map(({ drive }) =>
  runOk('qemu-img', ['compare', '-q', '-U', '-f', 'raw', '-F', 'raw', join(folder, `source-${drive}.raw`), join(folder, `target-${drive}.raw`)])));

test('a disk that is done leaves its share to the others; synced disks keep an eighth of the budget between them', async () => {
  const budget = 8 * MIB;
  const source = await pair(8, 24);
  await start(source, budget / 2);
  const begunAtMs = performance.now();
  await sync(source, budget);
  const seconds = (performance.now() - begunAtMs) / 1000;
  // In equal shares to the end the larger one alone would take 6 s.
  expect(seconds).toBeGreaterThan(32 / 8 / 1.15);
  expect(seconds).toBeLessThan(5.8);
  expect((await jobs(source)).map(({ speed }) => speed)).toEqual([budget / 16, budget / 16]);
  expect(await mirroredBytes(source.monitor, disks)).toEqual([{ drive: 'scsi0', bytes: 8 * MIB }, { drive: 'scsi1', bytes: 24 * MIB }]);
  await finishMirrors(source, disks);
  await sameContent();
});

test('the speed of running mirrors changes and is lifted at once; a mirror that ended is passed over', async () => {
  const source = await pair(16, 16);
  await start(source, 65_536);
  await setMirrorBandwidth(source.monitor, disks, 131_072);
  expect((await jobs(source)).map(({ speed }) => speed)).toEqual([131_072, 131_072]);
  await abandonMirrors(source, disks.slice(0, 1), AbortSignal.timeout(10_000));
  await setMirrorBandwidth(source.monitor, disks, null);
  await sync(source, null).catch((error: unknown) => expect(error).toMatchObject({ code: 'MirrorFailed', message: expect.stringContaining(mirrorJob('scsi0')) as string }));
  expect((await jobs(source)).map(({ device, speed }) => [device, speed])).toEqual([[mirrorJob('scsi1'), 0]]);
});

test('a guest that writes faster than the disk is copied does not keep it from ending', async () => {
  const source = await pair(8);
  await start(source, 4 * MIB);
  const guest = writer(source, 'scsi0', 8 * MIB);
  try {
    await sync(source, 4 * MIB);
  } finally {
    await guest.stop();
  }
  await finishMirrors(source, disks);
  await sameContent();
});

test('a target that dies ends the sync with the mirror that failed', async () => {
  const source = await pair(16, 16);
  await start(source, MIB);
  const failed = expect(sync(source, 2 * MIB)).rejects.toMatchObject({ code: 'MirrorFailed', message: expect.stringMatching(/^mirror failed: mirror-scsi\d/) as string });
  await Promise.all([failed, sides[1]?.qemu.kill()]);
});

test('a sync in which the guest writes too fast can be cancelled', async () => {
  const source = await pair(8);
  await start(source, MIB);
  const guest = writer(source, 'scsi0', 8 * MIB);
  await expect(sync(source, MIB, AbortSignal.timeout(1500))).rejects.toMatchObject({ code: 'Cancelled' });
  await guest.stop();
  await abandonMirrors(source, disks, AbortSignal.timeout(10_000));
  expect(await jobs(source)).toEqual([]);
});
