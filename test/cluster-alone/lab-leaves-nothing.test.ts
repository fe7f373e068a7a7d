import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Lab } from '../../lab/lab.js';
import { layoutOf } from '../../lab/layout.js';
import { temporalBinary } from '../fakes/temporal-binary.js';
import { type MachineState, machineState, newLabDir, removeLabDir } from '../lab/support/machine.js';

jest.setTimeout(120_000);
const dir = newLabDir();
const { id, home } = layoutOf(dir);
const command = join(home, 'bin/ferry-lab');
const env = { ...process.env, FERRY_LAB_DIR: dir, FERRY_TEMPORAL_BIN: temporalBinary() };
let before: MachineState;

beforeAll(() => {
  process.env['FERRY_TEMPORAL_BIN'] = env.FERRY_TEMPORAL_BIN;
  before = machineState(dir, id);
});
afterEach(async () => {
  await ferryLab(['down', '--purge']);
});
afterAll(() => removeLabDir(dir));

test('down after up leaves the machine as it was, and purge removes every file', async () => {
  const lab = await Lab.up({ dir, nodes: 2 });
  await lab.exec('pve1', ['sh', '-c', 'setsid sleep 1000 >/dev/null 2>&1 & mount -t tmpfs tmpfs /mnt']);
  await startContainers(lab);
  expect(machineState(dir, id)).not.toEqual(before);
  expect(readdirSync(join(dir, 'mnt/local'))).toEqual([]);
  await lab.down({ purge: true });
  expect(machineState(dir, id)).toEqual(before);
  expect(existsSync(dir)).toBe(false);
  await expect(ferryLab(['down'])).resolves.toBe(0);
});

test('a node whose first process was killed, a dead relay and a lost record change nothing', async () => {
  const lab = await Lab.up({ dir, nodes: 2 });
  await startContainers(lab);
  await lab.freeze('pve2');
  for (const name of ['init-pve1', 'node-pve2', 'relay-inner']) process.kill(pidOf(name), 'SIGKILL');
  process.kill(pidOf('control'), 'SIGKILL');
  await lab.down({ purge: true });
  expect(machineState(dir, id)).toEqual(before);
});

test.each([
  ['the state file is there', 'lab.json'],
  ['Temporal is starting', 'run/temporal.json'],
  ['the switch is there', `/run/netns/fl${id}-sw`],
  ['the last node is cabled', `/run/netns/fl${id}-pve3`],
  ['the first node is booting', 'run/init-pve1.json'],
  ['the control worker is starting', 'run/control.json'],
])('up killed when %s: down clears it away', async (_, file) => {
  const up = spawn(command, ['up'], { env, stdio: 'ignore' });
  const ended = once(up, 'exit');
  while (up.exitCode === null && !existsSync(join(file.startsWith('/') ? '/' : dir, file))) await sleep(1);
  up.kill('SIGKILL');
  await ended;
  await expect(ferryLab(['down', '--purge'])).resolves.toBe(0);
  expect(machineState(dir, id)).toEqual(before);
});

test('a crashed node takes its containers, their images and its storages along, and gives them back', async () => {
  const lab = await Lab.up({ dir, nodes: 2, temporal: false });
  const nodesAlone = machineState(dir, id).loops;
  await startContainers(lab);
  expect(nodesAlone).toEqual([]);
  // The storage's on both nodes, and the containers'.
  expect(machineState(dir, id).loops).toHaveLength(4);
  await lab.crash('pve1');
  expect(machineState(dir, id).loops).toHaveLength(1);
  await lab.boot('pve1');
  expect((await lab.ctStart(111)).state).toBe('running');
  await lab.down({ purge: true });
  expect(machineState(dir, id)).toEqual(before);
});

/** Two images, one on a storage that is an image itself. */
async function startContainers(lab: Lab): Promise<void> {
  await lab.storages.add('btrfs', 'pool');
  await lab.ctCreate(110, 'pve1', { rootfs: 'local:64M', service: 'counter' });
  await lab.ctCreate(111, 'pve1', { rootfs: 'pool:64M', service: 'counter' });
  for (const vmid of [110, 111]) expect((await lab.ctStart(vmid)).state).toBe('running');
}

const pidOf = (name: string): number => (JSON.parse(readFileSync(join(dir, 'run', `${name}.json`), 'utf8')) as { pid: number }).pid;

async function ferryLab(args: string[]): Promise<number> {
  const [code] = (await once(spawn(command, args, { env, stdio: ['ignore', 'ignore', 'inherit'] }), 'exit')) as [number];
  return code;
}
