import { execFileSync } from 'node:child_process';
import { openSync, readSync, closeSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Lab } from '../../lab/lab.js';
import { guestAddress } from '../../lab/layout.js';
import type { Probe, ProbeReport } from '../../lab/probe.js';
import { must, qmp, startTestGuest } from '../lab/support/guest.js';
import { newLabDir, removeLabDir } from '../lab/support/machine.js';

jest.setTimeout(60_000);
const VMID = 150;
const dir = newLabDir();
let lab: Lab;
let probe: Probe;

beforeAll(async () => {
  lab = await Lab.up({ dir, nodes: 1, temporal: false });
  await lab.vmCreate(VMID, 'pve1', { disks: ['local:32M', 'fast:32M,bus=virtio'] });
  const disks = [{ file: join(dir, 'mnt/local/images/150/vm-150-disk-0.raw'), bus: 'scsi' as const }, { file: join(dir, 'mnt/fast/images/150/vm-150-disk-1.raw'), bus: 'virtio' as const }];
  await startTestGuest(lab, { vmid: VMID, node: 'pve1', memoryMiB: 192, workingSetMiB: 32, dirtyMiBps: 16, disks, paused: true });
});

afterAll(async () => {
  await lab.down({ purge: true });
  removeLabDir(dir);
});

test('the probe outlives a refusal: a guest has its address before its service listens', async () => {
  const table = 'table ip refuse';
  nft(`${table} { chain out { type filter hook output priority 0; ip daddr ${guestAddress(VMID)} tcp dport 7000 counter reject with tcp reset; }; }`);
  const ready = lab.probe(VMID);
  while (!/packets [1-9]/.test(nft(`list ${table}`))) await sleep(50);
  nft(`delete ${table}`);
  await qmp(lab, 'pve1', VMID, [{ execute: 'cont' }]);
  probe = await ready;
});

test('the guest boots with all its disks, counts, and finds no error', async () => {
  const report = await until(probe, ({ lastAnswer }) => (lastAnswer?.generation ?? 0) >= 1 && (lastAnswer?.disks.every((d) => d.seq > 3) ?? false));
  expect(report.lastAnswer).toMatchObject({ memErrors: 0, diskErrors: 0, firstError: '', pages: 8192, dirtyMiBps: 16 });
  expect(report.lastAnswer?.disks.map((d) => d.name)).toEqual(['sda', 'vda']);
  expect(report).toMatchObject({ tcpAlive: true, tcpReconnects: 0, errors: [] });
});

test('a pause is measured to its length, and nothing is lost in it', async () => {
  probe.reset();
  await qmp(lab, 'pve1', VMID, [{ execute: 'stop' }]);
  await sleep(400);
  await qmp(lab, 'pve1', VMID, [{ execute: 'cont' }]);
  const report = await until(probe, ({ maxTcpGapMs, udpAnswered }) => maxTcpGapMs > 400 && udpAnswered > 200);
  expect(report.maxGapMs).toBeGreaterThan(400);
  expect(report.gaps.find((g) => g.gapMs > 400)?.startedAtMs).toBeGreaterThan(Date.now() - 20_000);
  expect(report).toMatchObject({ tcpAlive: true, lastAnswer: { memErrors: 0, diskErrors: 0 } });
});

test('a disk record that changed behind its back is found', async () => {
  const image = join(dir, 'nodes/pve1/fast/images/150/vm-150-disk-1.raw');
  const fd = openSync(image, 'r+');
  for (let slot = 0; slot < 256; slot++) writeSync(fd, Buffer.alloc(8, 0xff), 0, 8, slot * 131_072 + 2048);
  closeSync(fd);
  const report = await until(probe, ({ lastAnswer }) => (lastAnswer?.diskErrors ?? 0) > 0);
  expect(report.lastAnswer?.firstError).toMatch(/^vda: .* record 0, expected \d+/);
  expect(report.lastAnswer?.memErrors).toBe(0);
});

test('a single wrong word in memory is found', async () => {
  await qmp(lab, 'pve1', VMID, [{ execute: 'stop' }]);
  const dump = join(dir, 'mnt/local/memory');
  await qmp(lab, 'pve1', VMID, [{ execute: 'pmemsave', arguments: { val: 0, size: 192 * 1048576, filename: dump } }]);
  const address = findCanaryPage(join(dir, 'nodes/pve1/local/memory'));
  await must(lab, 'pve1', ['node', join(lab.layout.home, 'test/lab/support/poke.mjs'), `/run/qemu-server/${VMID}.gdb`, String(address + 2000), '0123456789abcdef']);
  await qmp(lab, 'pve1', VMID, [{ execute: 'cont' }]);
  const report = await until(probe, ({ lastAnswer }) => (lastAnswer?.memErrors ?? 0) > 0);
  expect(report.lastAnswer?.memErrors).toBe(1);
});

test('the power button ends the guest, and the probe says that it is gone', async () => {
  // Before: a guest that is quick takes the file along.
  const pid = readFileSync(`/proc/${initPid()}/root/run/qemu-server/${VMID}.pid`, 'utf8').trim();
  probe.reset();
  await qmp(lab, 'pve1', VMID, [{ execute: 'system_powerdown' }]);
  await must(lab, 'pve1', ['tail', `--pid=${pid}`, '-s', '0.1', '-f', '/dev/null']);
  await until(probe, ({ maxGapMs }) => maxGapMs > 500);
  expect((await probe.stop()).maxGapMs).toBeGreaterThan(500);
});

const nft = (command: string): string =>
  execFileSync('nsenter', [`--net=/run/netns/${lab.layout.switchNamespace}`, 'nft', '-f', '-'], { encoding: 'utf8', input: `${command}\n` });

const initPid = (): number => (JSON.parse(readFileSync(join(dir, 'run/init-pve1.json'), 'utf8')) as { pid: number }).pid;

/** Snapshots until the condition holds; the jest time-out is the limit. */
async function until(of: Probe, holds: (report: ProbeReport) => boolean): Promise<ProbeReport> {
  for (;;) {
    const report = await of.snapshot();
    if (holds(report)) return report;
    await sleep(50);
  }
}

/** Physical address of a page whose stamp says: index 4096, and check at both ends alike. */
function findCanaryPage(file: string): number {
  const fd = openSync(file, 'r');
  const chunk = Buffer.alloc(1048576);
  try {
    for (let at = 0; readSync(fd, chunk, 0, chunk.length, at) > 0; at += chunk.length) {
      for (let page = 0; page < chunk.length; page += 4096) {
        const check = chunk.readBigUInt64LE(page + 16);
        if (chunk.readBigUInt64LE(page) === 4096n && check !== 0n && check === chunk.readBigUInt64LE(page + 4088)) return at + page;
      }
    }
  } finally {
    closeSync(fd);
    rmSync(file);
  }
  throw new Error('no canary page in the dump');
}
