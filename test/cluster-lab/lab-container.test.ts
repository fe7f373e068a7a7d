import { appendFileSync, chmodSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Lab } from '../../lab/lab.js';
import type { CtProbe, CtProbeReport } from '../../lab/ct-probe.js';
import { describeLab } from '../../lab/status.js';
import type { Finished } from '../../lab/run.js';
import { must } from '../lab/support/guest.js';
import { newLabDir, removeLabDir } from '../lab/support/machine.js';

jest.setTimeout(120_000);
const dir = newLabDir();
let lab: Lab;

beforeAll(async () => {
  lab = await Lab.up({ dir, nodes: 2, temporal: false });
  await lab.storages.add('btrfs', 'pool');
  await lab.storages.add('dir', 'small');
});

afterAll(async () => {
  await lab.down({ purge: true });
  removeLabDir(dir);
});

const sh = (script: string, ...args: string[]): Promise<string> => must(lab, 'pve1', ['sh', '-c', script, 'sh', ...args]);
const ferryCt = (node: string, ...args: string[]): Promise<Finished> => lab.exec(node, [join(lab.layout.home, 'bin/ferry'), 'ct', ...args]);
const lxc = (vmid: number): string[] => ['-n', String(vmid), '-P', '/var/lib/lxc'];
/** Runs something in a container, as this node's root. */
const inside = (vmid: number, script: string): Promise<string> => must(lab, 'pve1', ['lxc-attach', ...lxc(vmid), '--', '/bin/sh', '-c', script]);
const configFile = (vmid: number): string => join(dir, `pve/nodes/pve1/lxc/${vmid}.conf`);
/** A container's images that a loop device holds. */
const images = (vmid: number): string[] => readdirSync('/sys/block').filter((name) => existsSync(`/sys/block/${name}/loop/backing_file`))
  .map((name) => readFileSync(`/sys/block/${name}/loop/backing_file`, 'utf8').trim()).filter((file) => file.startsWith(dir) && file.includes(`/images/${vmid}/`));

describe('a container in a directory', () => {
  const VMID = 110;
  let probe: CtProbe;

  beforeAll(() => lab.ctCreate(VMID, 'pve1', { service: 'counter', files: 50, dataMiB: 2 }));

  test('is made with the data that was asked for, starts, and answers a client outside', async () => {
    const started = await lab.ctStart(VMID);
    expect(started).toMatchObject({ state: 'running', sentence: expect.stringMatching(/^CT 110 on pve1: started \(pid \d+\)$/) as string });
    probe = await lab.ctProbe(VMID);
    expect((await describeLab(lab)).nodes[0]?.guests).toEqual([{ vmid: VMID, running: true }]);
    expect(await inside(VMID, 'cd /data/bulk && sha256sum -c ../SHA256SUMS | wc -l && cat f* | wc -c')).toBe(`50\n${2 * 1_048_576}\n`);
  });

  test('has the memory, the address and the devices of its config, and no more rights than LXC means it to have', async () => {
    const { pid } = await lab.ctStatus(VMID);
    expect(await sh('cat /sys/fs/cgroup/memory/lxc.payload.110/memory.limit_in_bytes 2>/dev/null || cat /sys/fs/cgroup/lxc.payload.110/memory.max')).toBe(`${64 * 1_048_576}\n`);
    expect(await inside(VMID, 'ip -4 -o addr show eth0; cat /proc/sys/kernel/hostname')).toMatch(/inet 10\.30\.0\.110\/24 [^]*guest110\n$/);
    // CAP_SYS_MODULE is number 16.
    expect(BigInt(`0x${/CapBnd:\s*(\w+)/.exec(await sh('cat /proc/$1/status', String(pid)))?.[1]}`) & (1n << 16n)).toBe(0n);
    expect(await must(lab, 'pve1', ['ip', '-o', 'link', 'show', 'veth110i0'])).toContain('master vmbr0');
  });

  test('counts on its disk, and no number it has told is lost over a halt and a start, which a client sees as one gap', async () => {
    const counting = await until(probe, ({ lastAnswer }) => (lastAnswer?.n ?? 0) > 20);
    expect(counting.lastAnswer).toMatchObject({ counting: true, writeErrors: 0 });
    probe.reset();
    const stopped = await lab.ctStop(VMID);
    expect(stopped).toMatchObject({ state: 'stopped', pid: null, sentence: 'CT 110 on pve1: halted' });
    const before = await probe.snapshot();
    await lab.ctStart(VMID);
    const after = await until(probe, ({ lastAnswer }) => lastAnswer?.bootId !== counting.lastAnswer?.bootId);
    expect(after.lastAnswer?.recovered).toBeGreaterThanOrEqual(before.lastAnswer?.n ?? Infinity);
    expect(after.maxGapMs).toBeGreaterThan(before.maxGapMs);
    expect(after.gaps.length).toBeGreaterThan(0);
    expect(after.boots).toBe(1 + before.boots);
  });

  test('is started once, however often and from however many sides', async () => {
    expect((await lab.ctStart(VMID)).sentence).toMatch(/is running already/);
    const { pid } = await lab.ctStatus(VMID);
    await lab.ctStop(VMID);
    const all = await Promise.all([1, 2, 3].map(() => ferryCt('pve1', 'start', String(VMID))));
    const words = all.map(({ stdout, stderr }) => /: started|running already|just being started/.exec(stdout + stderr)?.[0] ?? stdout + stderr).sort();
    expect(words.filter((word) => word === ': started')).toHaveLength(1);
    expect(words.every((word) => /started|already/.test(word))).toBe(true);
    expect((await sh('ps -eo args | grep -c "^\\[lxc monitor\\] /var/lib/lxc 110$"')).trim()).toBe('1');
    expect((await lab.ctStatus(VMID)).pid).not.toBe(pid);
  });

  test.each([
    ['http:80/', 30, 0, /http:80\/ answers/],
    ['tcp:80', 30, 0, /tcp:80 answers/],
    ['tcp:81', 1, 1, /check CT 110 failed: tcp:81: no good answer within 1000 ms; \S+: Connection refused/],
  ])('its service is asked in its own network: %s', async (check, timeoutSeconds, exitCode, words) => {
    const asked = await ferryCt('pve1', 'status', String(VMID), '--check', check, '--timeout', String(timeoutSeconds));
    expect({ exitCode: asked.exitCode, words: asked.stdout + asked.stderr }).toEqual({ exitCode, words: expect.stringMatching(words) as string });
  });

  test('ends with its monitor, and starts again after that', async () => {
    await sh('kill -9 $(awk "/^PPid/{print \\$2}" /proc/$1/status)', String((await lab.ctStatus(VMID)).pid));
    while ((await lab.ctStatus(VMID)).state !== 'stopped') await sleep(20);
    expect((await lab.ctStart(VMID)).sentence).toMatch(/started/);
  });

  test('LXC alone would run it a second time on another node; ferry does not, since its config is here', async () => {
    const copy = join(dir, 'mnt/shared/lxc-config');
    await sh('cp /run/ferry-lxc/110/config "$1" && mkdir -p "$2" && cp -a "$3" "$4"', copy, join(dir, 'mnt/shared/twin'), `${join(dir, 'mnt/local/images/110')}/.`, join(dir, 'mnt/shared/twin'));
    await sh('sed -i "s,$1,$2," "$3"', join(dir, 'mnt/local/images/110'), join(dir, 'mnt/shared/twin'), copy);
    await must(lab, 'pve2', ['sh', '-c', 'mkdir -p /run/ferry-lxc/110 && lxc-start -n 110 -P /var/lib/lxc -f "$1"', 'sh', copy]);
    expect((await lab.exec('pve2', ['lxc-info', ...lxc(VMID), '-s'])).stdout).toMatch(/RUNNING/);
    expect((await lab.ctStatus(VMID)).state).toBe('running');
    expect((await ferryCt('pve2', 'status', String(VMID))).stdout).toMatch(/running \(pid \d+\), but its config is on pve1/);
    await must(lab, 'pve2', ['lxc-stop', ...lxc(VMID), '-k']);
    expect(await ferryCt('pve2', 'start', String(VMID))).toMatchObject({ exitCode: 1, stderr: 'ferry ct: start CT 110 failed: it is on pve1, this is pve2\n' });
    expect((await lab.exec('pve2', ['lxc-info', ...lxc(VMID), '-s'])).stdout).not.toMatch(/RUNNING/);
  });

  test('halts, and the probe says that it is gone', async () => {
    await lab.ctStop(VMID);
    expect(await lab.ctStop(VMID)).toMatchObject({ sentence: 'CT 110 on pve1: was not running' });
    const refused = await until(probe, ({ maxGapMs }) => maxGapMs > 100);
    expect(refused.timedOut + refused.refused).toBeGreaterThan(0);
    await probe.stop();
  });
});

test('an init that does not want to halt goes on, until it is killed', async () => {
  await lab.ctCreate(111, 'pve1', { stubborn: true });
  await lab.ctStart(111);
  await expect(lab.ctStop(111, { timeoutSeconds: 1 })).rejects.toThrow('stop CT 111 failed: its init did not halt within 1000 ms');
  expect((await lab.ctStatus(111)).state).toBe('running');
  expect(await lab.ctStop(111, { timeoutSeconds: 0, kill: true })).toMatchObject({ state: 'stopped', sentence: 'CT 111 on pve1: did not halt by itself and was killed' });
});

test('an init with another halt signal is told with that one', async () => {
  await lab.ctCreate(118, 'pve1');
  appendFileSync(configFile(118), 'lxc.signal.halt: SIGUSR1\n');
  await lab.ctStart(118);
  // It knows SIGPWR only, and would halt on it. What a first process does not handle the kernel does not deliver (pid_namespaces(7)).
  await expect(lab.ctStop(118, { timeoutSeconds: 1 })).rejects.toThrow('did not halt');
  await lab.ctStop(118, { timeoutSeconds: 0, kill: true });
});

test('an image is mounted while it runs, with mount points in it, and nothing stays attached', async () => {
  await lab.ctCreate(112, 'pve1', { rootfs: 'local:64M', service: 'counter' });
  await sh('mkdir -p "$1/my pictures" && echo seen > "$1/my pictures/one" && cd "$1/images/112" && truncate -s 16M vm-112-disk-1.raw && mkfs.ext4 -q vm-112-disk-1.raw', join(dir, 'mnt/local'));
  appendFileSync(configFile(112), `mp0: local:112/vm-112-disk-1.raw,mp=/data/more,size=16M,mountoptions=noatime\nmp1: ${join(dir, 'mnt/local/my pictures')},mp=/srv/my pictures,ro=1\n`);
  await lab.ctStart(112);
  expect(images(112).sort()).toEqual(['vm-112-disk-0.raw', 'vm-112-disk-1.raw'].map((name) => join(dir, 'mnt/local/images/112', name)));
  expect(await inside(112, 'cat "/srv/my pictures/one"; echo x > "/srv/my pictures/two" || echo read-only; echo kept > /data/more/file; cat /proc/mounts')).toMatch(/^seen\nread-only\n[^]* \/data\/more ext4 rw,noatime/);
  const probe = await lab.ctProbe(112);
  const { lastAnswer } = await until(probe, (report) => (report.lastAnswer?.n ?? 0) > 10);
  // An init that ends by itself leaves the images mounted: the next start takes them over.
  await sh('kill -PWR "$1"', String((await lab.ctStatus(112)).pid));
  while ((await lab.ctStatus(112)).state !== 'stopped') await sleep(20);
  expect(images(112)).toHaveLength(2);
  await lab.ctStart(112);
  expect(images(112)).toHaveLength(2);
  const again = await until(probe, (report) => report.lastAnswer?.bootId !== lastAnswer?.bootId);
  expect(again.lastAnswer?.recovered).toBeGreaterThanOrEqual(lastAnswer?.n ?? Infinity);
  expect(await inside(112, 'cat /data/more/file')).toBe('kept\n');
  await probe.stop();
  await lab.ctStop(112);
  expect(images(112)).toEqual([]);
});

test('a start that fails says why, in one sentence, and leaves nothing mounted', async () => {
  await lab.ctCreate(113, 'pve1', { rootfs: 'local:32M' });
  await sh('sed -i s/vmbr0/vmbr9/ "$1"', join(dir, 'mnt/pve/nodes/pve1/lxc/113.conf'));
  await expect(lab.ctStart(113)).rejects.toThrow('start CT 113 failed: Failed to attach "veth113i0" to bridge "vmbr9", bridge interface doesn\'t exist: No such file or directory');
  expect(images(113)).toEqual([]);
  await sh('sed -i "s/vmbr9/vmbr0/; s/^ostype.*/ostype: unmanaged\\nentrypoint: \\/sbin\\/nothing/" "$1"', join(dir, 'mnt/pve/nodes/pve1/lxc/113.conf'));
  await expect(lab.ctStart(113)).rejects.toThrow('start CT 113 failed: Failed to exec "/sbin/nothing": No such file or directory');
  await sh('sed -i "s/^entrypoint.*/entrypoint: \\/bin\\/id/" "$1"', join(dir, 'mnt/pve/nodes/pve1/lxc/113.conf'));
  // On a busy machine it may still be seen alive: then it was a start.
  const endedAtOnce = async (tries: number): Promise<unknown> => {
    try {
      await lab.ctStart(113);
    } catch (error) {
      return error;
    }
    await lab.ctStop(113);
    return tries === 1 ? 'each time it was seen alive' : endedAtOnce(tries - 1);
  };
  expect(await endedAtOnce(10)).toMatchObject({ message: expect.stringContaining('start CT 113 failed: its init ended at once') as string });
  expect(images(113)).toEqual([]);
});

test.each([[114, 'pool:0', 'subvol-114-disk-0.subvol'], [115, 'pool:64M', 'vm-115-disk-0/disk.raw']])('on btrfs: CT %i on %s is a subvolume', async (vmid, rootfs, path) => {
  await lab.ctCreate(vmid, 'pve1', { rootfs, service: 'counter' });
  await lab.ctStart(vmid);
  const probe = await lab.ctProbe(vmid);
  await until(probe, ({ lastAnswer }) => (lastAnswer?.n ?? 0) > 3);
  await probe.stop();
  await lab.ctStop(vmid);
  const pool = join(dir, 'mnt/added/pool');
  expect(await must(lab, 'pve1', ['btrfs', 'subvolume', 'list', pool])).toContain(`path images/${vmid}/${path.split('/')[0]}\n`);
  expect(existsSync(join(pool, 'images'))).toBe(false);
  await sh('test -e "$1"', join(pool, `images/${vmid}`, path));
});

test.each([[116, 'local:0'], [119, 'local:32M']])('unprivileged: CT %i on %s runs with ids of its own', async (vmid, rootfs) => {
  // Its root has to reach the volume, as it can on any real storage.
  chmodSync(dir, 0o711);
  await lab.ctCreate(vmid, 'pve1', { rootfs, service: 'counter' });
  appendFileSync(configFile(vmid), 'unprivileged: 1\n');
  const folder = join(dir, 'mnt/local/images', String(vmid));
  if (rootfs === 'local:0') await sh('chown -hR 100000:100000 "$1"', folder);
  else await sh('mkdir /run/x && mount -o loop "$1"/*.raw /run/x && chown -hR 100000:100000 /run/x && umount /run/x', folder);
  const { pid } = await lab.ctStart(vmid);
  expect((await sh('cat /proc/$1/uid_map', String(pid))).trim().split(/\s+/)).toEqual(['0', '100000', '65536']);
  const probe = await lab.ctProbe(vmid);
  const { lastAnswer } = await until(probe, (report) => (report.lastAnswer?.n ?? 0) > 3);
  expect(lastAnswer?.writeErrors).toBe(0);
  await probe.stop();
  await lab.ctStop(vmid);
});

test.each(['small', 'pool'])('storage %s can be filled to its last block, and freed', async (storage) => {
  const write = (): Promise<Finished> => lab.exec('pve1', ['dd', 'if=/dev/zero', `of=${join(dir, 'mnt/added', storage, 'more')}`, 'bs=4096', 'count=1', 'conv=fsync']);
  await lab.storages.full('pve1', storage);
  expect((await write()).stderr).toContain('No space left on device');
  await expect(lab.ctCreate(117, 'pve1', { rootfs: `${storage}:0`, dataMiB: 1 })).rejects.toThrow('No space left on device');
  expect(existsSync(configFile(117))).toBe(false);
  expect((await lab.exec('pve2', ['sh', '-c', 'echo fits > "$1/more"', 'sh', join(dir, 'mnt/added', storage)])).exitCode).toBe(0);
  await lab.storages.free('pve1', storage);
  expect(await write()).toMatchObject({ exitCode: 0 });
  await expect(lab.storages.full('pve1', 'local')).rejects.toThrow('it is not one of limited size');
});

/** Snapshots until the condition holds; the jest time-out is the limit. */
async function until(of: CtProbe, holds: (report: CtProbeReport) => boolean): Promise<CtProbeReport> {
  for (;;) {
    const report = await of.snapshot();
    if (holds(report)) return report;
    await sleep(20);
  }
}
