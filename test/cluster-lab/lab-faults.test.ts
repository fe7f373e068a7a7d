import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Lab } from '../../lab/lab.js';
import { describeLab } from '../../lab/status.js';
import { must } from '../lab/support/guest.js';
import { newLabDir, removeLabDir } from '../lab/support/machine.js';

jest.setTimeout(60_000);
const dir = newLabDir();
let lab: Lab;

beforeAll(async () => {
  lab = await Lab.up({ dir, nodes: 2, temporal: false });
});

afterAll(async () => {
  await lab.down({ purge: true });
  removeLabDir(dir);
});

const ssh = (to: string, ...command: string[]): string[] => ['ssh', '-o', 'ConnectTimeout=1', to, ...command];
const online = (): unknown => (JSON.parse(readFileSync(join(dir, 'pve/.members'), 'utf8')) as { nodelist: { pve2: unknown } }).nodelist.pve2;

test('nodes reach each other by name on both networks, and each is its own machine', async () => {
  expect(await must(lab, 'pve1', ssh('pve2', 'hostname'))).toBe('pve2\n');
  expect(await must(lab, 'pve2', ssh('pve1-mig', 'hostname'))).toBe('pve1\n');
  await must(lab, 'pve1', ['touch', '/run/mine', join(dir, 'mnt/local/mine'), join(dir, 'mnt/shared/ours'), join(dir, 'mnt/pve/theirs')]);
  expect((await lab.exec('pve2', ['ls', '/run/mine'])).exitCode).toBe(2);
  expect((await lab.exec('pve2', ['ls', join(dir, 'mnt/local/mine')])).exitCode).toBe(2);
  await must(lab, 'pve2', ['ls', join(dir, 'mnt/shared/ours'), join(dir, 'mnt/pve/theirs')]);
  expect(await must(lab, 'pve1', ['sh', '-c', 'grep -c . /proc/1/cgroup; cat /proc/1/comm'])).toMatch(/^\d+\nbash\n$/);
});

test('a command\'s exit code and output come back as they are', async () => {
  expect(await lab.exec('pve1', ['sh', '-c', 'echo out; echo err >&2; exit 7'])).toEqual({ exitCode: 7, stdout: 'out\n', stderr: 'err\n' });
  await expect(lab.exec('pve9', ['true'])).rejects.toMatchObject({ exitCode: 4 });
});

test('a crash is silent, keeps the disks, and a boot brings the node back', async () => {
  await must(lab, 'pve2', ['sh', '-c', `echo kept > ${dir}/mnt/local/kept; touch /run/lost`]);
  await lab.crash('pve2');
  expect(online()).toMatchObject({ online: 0 });
  const refused = await lab.exec('pve1', ssh('pve2', 'true'));
  expect(refused).toMatchObject({ exitCode: 255, stderr: expect.stringContaining('timed out') as string });
  await expect(lab.crash('pve2')).rejects.toMatchObject({ exitCode: 4 });
  await lab.boot('pve2');
  expect(online()).toMatchObject({ online: 1 });
  expect(await must(lab, 'pve1', ssh('pve2', 'cat', join(dir, 'mnt/local/kept')))).toBe('kept\n');
  expect((await lab.exec('pve2', ['ls', '/run/lost'])).exitCode).toBe(2);
});

test('a frozen node accepts connections and says nothing; thawed, it goes on; it can be crashed while frozen', async () => {
  await lab.freeze('pve2');
  expect((await describeLab(lab)).nodes[1]).toMatchObject({ state: 'frozen' });
  expect(online()).toMatchObject({ online: 0 });
  expect((await lab.exec('pve1', ssh('pve2', 'true'))).stderr).toContain('banner exchange');
  await expect(lab.exec('pve2', ['true'])).rejects.toMatchObject({ exitCode: 4 });
  await lab.thaw('pve2');
  expect(online()).toMatchObject({ online: 1 });
  await must(lab, 'pve1', ssh('pve2', 'true'));
  await lab.freeze('pve2');
  await lab.crash('pve2');
  await lab.boot('pve2');
  await must(lab, 'pve1', ssh('pve2', 'true'));
});

test('a partition takes one network\'s carrier and leaves the others', async () => {
  await lab.partition('pve2', 'mig');
  expect(await must(lab, 'pve2', ['cat', '/sys/class/net/eth1/carrier'])).toBe('0\n');
  expect((await lab.exec('pve1', ssh('pve2-mig', 'true'))).exitCode).toBe(255);
  await must(lab, 'pve1', ssh('pve2', 'true'));
  expect((await describeLab(lab)).nodes[1]?.partitioned).toEqual(['mig']);
  await lab.heal('pve2', 'mig');
  await must(lab, 'pve1', ['ssh', '-o', 'ConnectTimeout=5', 'pve2-mig', 'true']);
});

test('loss of 100 % is a black hole with the link up', async () => {
  await lab.loss('pve2', 'mig', 100);
  expect(await must(lab, 'pve2', ['cat', '/sys/class/net/eth1/carrier'])).toBe('1\n');
  expect((await lab.exec('pve1', ssh('pve2-mig', 'true'))).stderr).toContain('timed out');
  await lab.loss('pve2', 'mig', 0.5);
  await lab.loss('pve2', 'mig', 0);
  await must(lab, 'pve1', ['ssh', '-o', 'ConnectTimeout=5', 'pve2-mig', 'true']);
});

test.each([['sent', true], ['received', false]] as const)('only what is %s can be lost: the other direction goes on', async (direction, asked) => {
  for (const node of ['pve1', 'pve2']) await must(lab, node, ['ip', 'neigh', 'flush', 'dev', 'eth1']);
  await lab.loss('pve2', 'mig', 100, direction);
  expect((await lab.exec('pve1', ssh('pve2-mig', 'true'))).exitCode).toBe(255);
  // Who hears a question learns where it comes from, even when his answer is lost.
  expect((await must(lab, 'pve2', ['ip', 'neigh', 'show', '10.10.10.1'])).includes('lladdr')).toBe(asked);
  await lab.loss('pve2', 'mig', 0);
});

test('a slow network is as slow as asked, and its bytes are counted', async () => {
  const send = ['sh', '-c', 'head -c 4000000 /dev/urandom | ssh pve2-mig "cat >/dev/null"'];
  await lab.slow('pve2', 'mig', '16mbit');
  const [before, startedAt] = [await lab.interfaceBytes('pve2', 'mig'), performance.now()];
  await must(lab, 'pve1', send);
  const [after, tookMs] = [await lab.interfaceBytes('pve2', 'mig'), performance.now() - startedAt];
  await lab.slow('pve2', 'mig', 'off');
  expect(tookMs).toBeGreaterThan(1_600);
  expect(after.rxBytes - before.rxBytes).toBeGreaterThan(4_000_000);
  expect(await must(lab, 'pve2', ['tc', 'qdisc', 'show', 'dev', 'eth1'])).not.toContain('tbf');
});

test('a node without quorum cannot write to the PVE root, the other one can', async () => {
  const write = ['touch', join(dir, 'mnt/pve/written')];
  await lab.readonly('pve1', true);
  expect((await lab.exec('pve1', write)).stderr).toContain('Read-only file system');
  expect((await describeLab(lab)).nodes.map((n) => n.readonly)).toEqual([true, false]);
  await must(lab, 'pve2', write);
  await lab.readonly('pve1', false);
  await must(lab, 'pve1', write);
});

test('up again completes what is missing, down and up keep the disks', async () => {
  await lab.crash('pve1');
  lab = await Lab.up({ dir, nodes: 2, temporal: false });
  await must(lab, 'pve1', ssh('pve2', 'true'));
  await lab.down();
  await expect(Lab.open(dir)).rejects.toMatchObject({ exitCode: 4 });
  lab = await Lab.up({ dir, nodes: 2, temporal: false });
  expect(await must(lab, 'pve2', ['cat', join(dir, 'mnt/local/kept')])).toBe('kept\n');
});
