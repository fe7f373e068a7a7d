import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Lab } from '../../lab/lab.js';
import { describeLab } from '../../lab/status.js';
import { temporalBinary } from '../fakes/temporal-binary.js';
import { must } from '../lab/support/guest.js';
import { newLabDir, removeLabDir } from '../lab/support/machine.js';

jest.setTimeout(60_000);
const dir = newLabDir();
const realHome = process.env['FERRY_HOME'] ?? '';
const home = mkdtempSync(join(tmpdir(), 'home-'));
const binary = temporalBinary();
let lab: Lab;

/** A project whose agent and control worker only say that they run. */
beforeAll(async () => {
  mkdirSync(join(home, 'dist/workers'), { recursive: true });
  mkdirSync(join(home, 'var'));
  symlinkSync(join(realHome, 'lab'), join(home, 'lab'));
  symlinkSync(join(realHome, 'var/guest'), join(home, 'var/guest'));
  for (const name of ['node-agent', 'control-worker']) {
    const script = `console.log('${name} runs with', process.env.TEMPORAL_ADDRESS, JSON.parse(require('fs').readFileSync(process.env.FERRY_CONFIG)).node ?? ''); setInterval(() => {}, 1e6);`;
    writeFileSync(join(home, 'dist/workers', `${name}.js`), script);
  }
  writeFileSync(join(home, 'dist/workers/release.js'), 'console.log("released")');
  process.env['FERRY_HOME'] = home;
  process.env['FERRY_TEMPORAL_BIN'] = binary;
  lab = await Lab.up({ dir, nodes: 1 });
});

afterAll(async () => {
  await lab.down({ purge: true });
  process.env['FERRY_HOME'] = realHome;
  removeLabDir(dir);
  rmSync(home, { recursive: true });
});

const agentLog = (): string[] => readFileSync(join(dir, 'nodes/pve1/agent/log'), 'utf8').trim().split('\n');
const runs = (): number => agentLog().filter((l) => l === 'node-agent runs with 10.20.0.254:7233 pve1').length;

test('the agent runs in its node and finds Temporal at the switch; the control worker runs outside', async () => {
  await until(() => runs() === 1);
  const health = await must(lab, 'pve1', [binary, 'operator', 'cluster', 'health', '--address', '10.20.0.254:7233']);
  expect(health).toContain('SERVING');
  await until(() => readFileSync(join(dir, 'control/log'), 'utf8').includes(`control-worker runs with ${lab.temporalAddress}`));
  expect(await describeLab(lab)).toMatchObject({ control: 'running', nodes: [{ agent: 'running' }], temporal: { running: true } });
});

test('a killed agent is released and started again at once', async () => {
  await lab.agent('pve1', 'kill');
  await until(() => runs() === 2);
  expect(agentLog().map((l) => l.replace(/^.* ended/, 'ended'))).toEqual([
    'node-agent runs with 10.20.0.254:7233 pve1', 'ended with status 137', 'released', 'node-agent runs with 10.20.0.254:7233 pve1',
  ]);
});

test('a stopped agent stays away until it is started', async () => {
  await lab.agent('pve1', 'stop');
  expect((await describeLab(lab)).nodes[0]?.agent).toBe('stopped');
  expect(runs()).toBe(2);
  await lab.agent('pve1', 'start');
  await until(() => runs() === 3);
});

test('the control worker is started again after a kill', async () => {
  const started = (): number => readFileSync(join(dir, 'control/log'), 'utf8').split('control-worker runs').length - 1;
  await lab.control('kill');
  await until(() => started() === 2);
  await lab.control('stop');
  expect((await describeLab(lab)).control).toBe('stopped');
  await lab.control('start');
  await until(() => started() === 3);
});

test('Temporal comes back after a kill on the same address, with its search attributes', async () => {
  const list = ['operator', 'search-attribute', 'list', '--address', '10.20.0.254:7233'];
  await lab.temporal('kill');
  expect((await lab.exec('pve1', [binary, ...list])).exitCode).not.toBe(0);
  await lab.temporal('start');
  expect(await must(lab, 'pve1', [binary, ...list])).toMatch(/NeedsOperator\s+Bool/);
});

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await sleep(20);
}
