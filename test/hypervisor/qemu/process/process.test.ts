import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run, runOk } from '../../../../hypervisor/exec.js';
import { driveQmpPath, generalQmpPath, pidPath } from '../../../../hypervisor/paths.js';
import { identify, isDying } from '../../../../hypervisor/process.js';
import { findQemu, isAlive } from '../../../../hypervisor/qemu/process/identity.js';
import { startQemu } from '../../../../hypervisor/qemu/process/start.js';
import { stopQemu } from '../../../../hypervisor/qemu/process/stop.js';
import { tapsOf, type Tap } from '../../../../hypervisor/qemu/process/taps.js';
import { QmpClient } from '../../../../hypervisor/qemu/qmp/client.js';
import { makeNode, type NodeFixture } from '../../support/node-fixture.js';
import { vmConfig } from '../../support/vm-config.js';

const VMID = 990_002;
const NET = 'virtio=02:00:00:00:00:01';
let node: NodeFixture;
beforeEach(async () => { node = await makeNode(); });
afterEach(async () => {
  await stopQemu(VMID, node.paths, { graceMs: 0 });
  await node.remove();
});

const start = (lines: Record<string, string> = {}, taps: readonly Tap[] = tapsOf(vmConfig(VMID, lines))): ReturnType<typeof startQemu> =>
  startQemu({ vmid: VMID, argv: node.argv(VMID, lines), taps, paths: node.paths });
const tapExists = (index: number): boolean => existsSync(`/sys/class/net/tap${VMID}i${index}`);

describe('startQemu', () => {
  it('starts a process of its own that is found again, with private sockets', async () => {
    const qemu = await start({ serial0: 'socket', agent: '1' });
    expect(findQemu(VMID, node.paths)).toEqual(qemu);
    for (const path of [generalQmpPath(node.paths, VMID), driveQmpPath(node.paths, VMID), join(node.paths.qemuRunDir, `${VMID}.serial0`), join(node.paths.qemuRunDir, `${VMID}.qga`)]) {
      expect((await stat(path)).mode & 0o077).toBe(0);
    }
    expect((await stat(node.paths.qemuRunDir)).mode & 0o777).toBe(0o700);
    expect(Number((await runOk('ps', ['-o', 'ppid=', '-p', String(qemu.pid)])).trim())).not.toBe(process.pid);
  });

  it('serves both QMP sockets at once', async () => {
    await start();
    const clients = await Promise.all([generalQmpPath, driveQmpPath].map((of) => QmpClient.connect(of(node.paths, VMID), { timeoutMs: 5000 })));
    expect(await Promise.all(clients.map((client) => client.execute('query-status')))).toHaveLength(2);
    for (const client of clients) client.close();
  });

  it('puts taps into the bridge, but not one whose link is down', async () => {
    await start({ net0: `${NET},bridge=${node.bridge}`, net1: `${NET},bridge=${node.bridge},link_down=1`, net2: NET });
    expect(await readdir(`/sys/class/net/${node.bridge}/brif`)).toEqual([`tap${VMID}i0`]);
    expect([0, 1, 2].map(tapExists)).toEqual([true, true, true]);
  });

  it('gives a card the VLAN of the config (SKIP: where the kernel has no VLAN filtering)', async () => {
    const vlans = await run('ip', ['link', 'set', node.bridge, 'type', 'bridge', 'vlan_filtering', '1']);
    if (vlans.exitCode !== 0) return;
    await start({ net0: `${NET},bridge=${node.bridge},tag=42` });
    const [port] = JSON.parse(await runOk('bridge', ['-json', 'vlan', 'show', 'dev', `tap${VMID}i0`])) as [{ vlans: unknown[] }];
    expect(port.vlans).toEqual([{ vlan: 42, flags: ['PVID', 'Egress Untagged'] }]);
  });

  it('refuses a guest that is running, and leaves it alone', async () => {
    const qemu = await start();
    await expect(start()).rejects.toMatchObject({ code: 'TargetStartFailed', message: expect.stringMatching(/running already/) as string });
    expect(isAlive(qemu)).toBe(true);
  });

  it('lets only one of two starts at the same time through', async () => {
    const results = await Promise.allSettled([start({ net0: `${NET},bridge=${node.bridge}` }), start({ net0: `${NET},bridge=${node.bridge}` })]);
    expect(results.map((r) => r.status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(findQemu(VMID, node.paths)).not.toBeNull();
    expect(tapExists(0)).toBe(true);
  });

  it.each([
    ['an option QEMU does not know', { args: '-no-such-option' }, /-no-such-option: invalid option/],
    ['a disk that is not there', { virtio0: 'l:missing' }, /Could not open .*missing.*No such file/],
  ])('reports QEMU\'s own words for %s, and leaves nothing', async (_title, lines: Record<string, string>, message) => {
    await expect(start({ ...lines, net0: `${NET},bridge=${node.bridge}` })).rejects.toMatchObject({ code: 'TargetStartFailed', message: expect.stringMatching(message) as string });
    expect(findQemu(VMID, node.paths)).toBeNull();
    expect(tapExists(0)).toBe(false);
    expect(await readdir(node.paths.qemuRunDir)).toEqual([]);
  });

  it('says which program is missing', async () => {
    await expect(startQemu({ vmid: VMID, argv: ['/no/such/qemu'], taps: [], paths: node.paths })).rejects.toMatchObject({ code: 'TargetStartFailed', message: expect.stringMatching(/no\/such\/qemu/) as string });
  });

  it.each([
    ['a bridge that is not there', { bridge: 'nosuchbr', tag: null }, /no bridge nosuchbr/],
    ['a bridge name that is none', { bridge: 'a b', tag: null }, /no bridge a b/],
  ])('refuses %s', async (_title, tap, message) => {
    await expect(start({}, [{ name: `tap${VMID}i0`, ...tap }])).rejects.toThrow(message);
  });

  it('refuses a tag on a bridge that does not know VLANs', async () => {
    await expect(start({ net0: `${NET},bridge=${node.bridge},tag=5` })).rejects.toThrow(/not VLAN aware/);
  });

  it('refuses a disk that another QEMU has open for writing', async () => {
    await node.image('d0');
    await start({ virtio0: 'l:d0' });
    const other = startQemu({ vmid: VMID + 1, argv: node.argv(VMID + 1, { virtio0: 'l:d0' }), taps: [], paths: node.paths });
    await expect(other).rejects.toThrow(/Failed to get "write" lock/);
  });
});

describe('findQemu', () => {
  it('does not take another process with the same pid for the guest', async () => {
    await mkdir(node.paths.qemuRunDir, { recursive: true });
    await writeFile(pidPath(node.paths, VMID), `${process.pid}\n`);
    expect(findQemu(VMID, node.paths)).toBeNull();
    await stopQemu(VMID, node.paths);
  });

  it('finds a guest whose pid file is gone', async () => {
    const qemu = await start();
    await writeFile(pidPath(node.paths, VMID), '');
    expect(findQemu(VMID, node.paths)).toEqual(qemu);
  });

  it('finds one that was killed until its last thread has closed the disks, though its command line is gone', async () => {
    await mkdir(node.paths.qemuRunDir, { recursive: true });
    for (let rounds = 0; rounds < 20; rounds++) {
      const child = spawn(process.execPath, ['-e', 'const memory = Buffer.alloc(256 << 20, 1); console.log(memory.length); setTimeout(() => 0, 60_000)'], { stdio: ['ignore', 'pipe', 'ignore'] });
      await once(child.stdout, 'data');
      const identity = identify(child.pid ?? 0);
      if (identity === null) throw new Error('it has not begun');
      await writeFile(pidPath(node.paths, VMID), `${identity.pid}\n`);
      child.kill('SIGKILL');
      while (identify(identity.pid) !== null && !isDying(identity.pid)) { /* no pause: it takes milliseconds */ }
      const found = isDying(identity.pid) ? findQemu(VMID, node.paths) : null;
      if (isDying(identity.pid)) return expect(found).toEqual(identity);
    }
    throw new Error('its first thread was always its last');
  });

  it('takes a zombie for ended', async () => {
    const child = spawn('sh', ['-c', 'sleep 0.2 & echo $!; exec sleep 60'], { stdio: ['ignore', 'pipe', 'ignore'] });
    const [text] = (await once(child.stdout, 'data')) as [Buffer];
    const pid = Number(text.toString());
    const state = async (): Promise<string> => (await runOk('ps', ['-o', 'stat=', '-p', String(pid)])).trim();
    while (!(await state()).startsWith('Z')) { /* until it has ended */ }
    expect(isAlive({ pid, startTime: 0 })).toBe(false);
    child.kill('SIGKILL');
    await once(child, 'close');
  });
});

describe('stopQemu', () => {
  it('ends the guest and removes taps, sockets and pid file; and again is no error', async () => {
    const qemu = await start({ net0: `${NET},bridge=${node.bridge}`, serial0: 'socket' });
    await stopQemu(VMID, node.paths);
    expect(isAlive(qemu)).toBe(false);
    expect(tapExists(0)).toBe(false);
    expect(await readdir(node.paths.qemuRunDir)).toEqual([]);
    await stopQemu(VMID, node.paths);
  });

  it('ends it while another client holds the QMP socket', async () => {
    const qemu = await start();
    const client = await QmpClient.connect(generalQmpPath(node.paths, VMID), { timeoutMs: 5000 });
    await stopQemu(VMID, node.paths);
    expect(isAlive(qemu)).toBe(false);
    client.close();
  });

  it('kills one that stands still', async () => {
    const qemu = await start();
    process.kill(qemu.pid, 'SIGSTOP');
    await stopQemu(VMID, node.paths, { graceMs: 100 });
    expect(isAlive(qemu)).toBe(false);
  });

  it('leaves the files of a guest whose number merely begins alike', async () => {
    await mkdir(node.paths.qemuRunDir, { recursive: true });
    await writeFile(join(node.paths.qemuRunDir, `${VMID}1.qmp`), '');
    await stopQemu(VMID, node.paths);
    expect(await readdir(node.paths.qemuRunDir)).toEqual([`${VMID}1.qmp`]);
  });
});
