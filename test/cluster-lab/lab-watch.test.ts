import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Lab } from '../../lab/lab.js';
import { mountPoint } from '../../lab/layout.js';
import type { Watch, WatchReport } from '../../lab/watch.js';
import { must, qmp } from '../lab/support/guest.js';
import { newLabDir, removeLabDir } from '../lab/support/machine.js';

/** The watcher is believed only because it cries when a guest is run twice on purpose. */
jest.setTimeout(90_000);
const VMID = 160;
const dir = newLabDir();
let lab: Lab;
let watch: Watch;

beforeAll(async () => {
  lab = await Lab.up({ dir, nodes: 2, temporal: false });
  await lab.vmCreate(VMID, 'pve1', { memoryMiB: 96, workingSetMiB: 0, watched: true });
  watch = await lab.watch(VMID);
  await lab.vmStart(VMID);
});

afterAll(async () => {
  await watch?.stop();
  await lab?.down({ purge: true });
  removeLabDir(dir);
});

test('a guest that runs on one node is heard there, and is no alarm', async () => {
  const report = await until(({ beacons }) => beacons > 20);
  expect(report).toMatchObject({ port: 'pve1-guest', boots: 1, violations: [], running: ['pve1'] });
});

test('a copy that takes over from one that has stopped is no alarm', async () => {
  await copyTo('pve2');
  await qmp(lab, 'pve2', VMID, [{ execute: 'cont' }]);
  const report = await until(({ port, running }) => port === 'pve2-guest' && running.length === 1);
  expect(report).toMatchObject({ boots: 1, violations: [], running: ['pve2'] });
  expect(report.intervals.map(({ node }) => node)).toEqual(['pve1', 'pve2']);
});

test('the first copy running on for a moment, even with the second paused, is one: its numbers were heard before', async () => {
  await qmp(lab, 'pve2', VMID, [{ execute: 'stop' }]);
  await qmp(lab, 'pve1', VMID, [{ execute: 'cont' }]);
  const report = await until(({ violations }) => violations.length > 0);
  expect(report.violations[0]).toMatch(/^beacon \d+ of boot \w{8} came from pve1-guest and from pve2-guest$/);
});

test('both running at once is one: their QEMUs say so', async () => {
  await qmp(lab, 'pve2', VMID, [{ execute: 'cont' }]);
  const report = await until(({ violations }) => violations.some((one) => one.startsWith('QEMU')));
  expect(report.violations.at(-1)).toMatch(/^QEMU ran the guest on pve\d from .* to now and on pve\d from .* to now$/);
});

test('an older boot that goes on beside a newer one is one', async () => {
  await qmp(lab, 'pve2', VMID, [{ execute: 'stop' }, { execute: 'system_reset' }]);
  await watch.stop();
  watch = await lab.watch(VMID);
  await until(({ beacons }) => beacons > 0);
  await qmp(lab, 'pve2', VMID, [{ execute: 'cont' }]);
  const report = await until(({ first }) => first.some((one) => one.includes('newer')));
  expect(report.first.join()).toMatch(/came from pve1-guest after a newer boot/);
});

/** As a migration does it: the same machine, with the first one's memory, waiting. */
async function copyTo(node: string): Promise<void> {
  const file = join(mountPoint(lab.layout, 'shared'), 'memory');
  await qmp(lab, 'pve1', VMID, [{ execute: 'stop' }, { execute: 'migrate', arguments: { uri: `file:${file}` } }]);
  while ((await qmp(lab, 'pve1', VMID, [{ execute: 'query-migrate' }]) as { status: string }).status !== 'completed') await sleep(50);
  const pid = (await must(lab, 'pve1', ['cat', `/run/qemu-server/${VMID}.pid`])).trim();
  const argv = (await must(lab, 'pve1', ['cat', `/proc/${pid}/cmdline`])).split('\0').filter(Boolean);
  const tap = `tap${VMID}i0`;
  await must(lab, node, ['ip', 'tuntap', 'add', tap, 'mode', 'tap', 'vnet_hdr']);
  await must(lab, node, ['ip', 'link', 'set', tap, 'master', 'vmbr0', 'up']);
  await must(lab, node, [...argv, '-S', '-incoming', `file:${file}`]);
  while ((await qmp(lab, node, VMID, [{ execute: 'query-status' }]) as { status: string }).status === 'inmigrate') await sleep(50);
}

/** Reports until the condition holds; the jest time-out is the limit. */
async function until(holds: (report: WatchReport) => boolean): Promise<WatchReport> {
  for (;;) {
    const report = await watch.snapshot();
    if (holds(report)) return report;
    await sleep(50);
  }
}
