import { appendFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connectTemporal, type FerryClient } from '../../client/index.js';
import { startEvacuation, startReturn } from '../../client/api/evacuation/start.js';
import { watchRun } from '../../client/api/evacuation/watch.js';
import { planEvacuation } from '../../client/api/plan.js';
import type { EvacuationProgress } from '../../domain/contracts/evacuation-progress.js';
import type { EvacuationReport } from '../../domain/contracts/evacuation-report.js';
import { parseEvacuationRequest } from '../../domain/edge/evacuation-request.js';
import { renderEvacuationReport } from '../../domain/report/evacuation/render-text.js';
import { renderPlan } from '../../domain/placement/render-text.js';
import { Lab } from '../../lab/lab.js';
import type { Probe } from '../../lab/probe.js';
import { newLabDir, removeLabDir } from '../lab/support/machine.js';

jest.setTimeout(300_000);

const LIVE = [101, 102, 103] as const;
/** It fits on no other node unless one of the guests there makes room. */
const BIG = 104;
const STOPPED = [105, 106, 107, 109] as const;
/** It has a device of its node. */
const PINNED = 108;
const CONTAINERS = [201, 202, 203] as const;
/** Running guests of the other nodes. */
const RESIDENTS = { pve2: 121, pve3: 122, pve4: 123 } as const;
const ALL = [...LIVE, BIG, ...STOPPED, PINNED, ...CONTAINERS];

let lab: Lab;
let dir: string;
let client: FerryClient;
const probes: Probe[] = [];

beforeAll(async () => {
  dir = newLabDir();
  lab = await Lab.up({ dir, nodes: 4, memoryMiB: 1800 });
  for (const vmid of LIVE) await lab.vmCreate(vmid, 'pve1', { memoryMiB: 128, workingSetMiB: 16, dirtyMiBps: 2, disks: ['shared:32M'] });
  await lab.vmCreate(BIG, 'pve1', { memoryMiB: 1000, workingSetMiB: 16, dirtyMiBps: 1, disks: ['shared:32M'] });
  for (const vmid of STOPPED) await lab.vmCreate(vmid, 'pve1', { memoryMiB: 128, disks: [vmid === 105 ? 'local:32M,format=qcow2' : 'shared:32M'] });
  await lab.vmCreate(PINNED, 'pve1', { memoryMiB: 128, disks: ['shared:32M'] });
  appendFileSync(join(dir, `pve/nodes/pve1/qemu-server/${PINNED}.conf`), 'hostpci0: 0000:00:1f.0\n');
  for (const vmid of CONTAINERS) await lab.ctCreate(vmid, 'pve1', { memoryMiB: 64, files: 20 });
  for (const [node, vmid] of Object.entries(RESIDENTS)) await lab.vmCreate(vmid, node, { memoryMiB: 384, workingSetMiB: 16, dirtyMiBps: 0, disks: ['shared:32M'] });
  mkdirSync(join(dir, 'pve/ha'), { recursive: true });
  writeFileSync(join(dir, 'pve/ha/rules.cfg'), 'resource-affinity: apart\n\taffinity negative\n\tresources vm:101,vm:102\n');
  for (const vmid of [...LIVE, BIG, ...Object.values(RESIDENTS)]) await lab.vmStart(vmid);
  for (const vmid of CONTAINERS.slice(0, 2)) await lab.ctStart(vmid);
  client = await connectTemporal({ ...process.env, ...lab.env });
  for (const vmid of [...LIVE, BIG]) probes.push(await lab.probe(vmid));
});

afterAll(async () => {
  for (const probe of probes) await probe.stop().catch(() => undefined);
  await client?.close();
  await lab?.down({ purge: true });
  removeLabDir(dir);
});

const nodeOf = (vmid: number): string => {
  const found = lab.nodes.find((node) => ['qemu-server', 'lxc'].some((kind) => existsSync(join(dir, 'pve/nodes', node, kind, `${vmid}.conf`))));
  return found ?? 'nowhere';
};

/** Waits for the end, whoever is away meanwhile. */
async function reportOf(workflowId: string, onProgress: (progress: EvacuationProgress) => void = () => undefined): Promise<EvacuationReport> {
  const ending = await watchRun<EvacuationReport, EvacuationProgress>(client, workflowId, { query: 'evacuation', onProgress, onNotice: (sentence) => console.log(sentence), signal: new AbortController().signal });
  if (ending.kind === 'detached') throw new Error('nobody watches any more');
  if (ending.kind !== 'report') throw new Error(`${ending.code}: ${ending.sentence}`);
  console.log(renderEvacuationReport(ending.report));
  return ending.report;
}

/** Every guest under watch runs, has lost nothing and was never reset. */
async function expectCanariesClean(): Promise<void> {
  for (const probe of probes) {
    const before = await probe.snapshot();
    const deadlineMs = performance.now() + 15_000;
    let now = before;
    while ((now.lastAnswer?.ticks ?? 0) <= (before.lastAnswer?.ticks ?? 0)) {
      if (performance.now() > deadlineMs) throw new Error(`a guest does not answer: ${JSON.stringify(now)}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
      now = await probe.snapshot();
    }
    expect(now.lastAnswer).toMatchObject({ memErrors: 0, diskErrors: 0, firstError: '', bootId: before.lastAnswer?.bootId });
    expect({ reconnects: now.tcpReconnects, errors: now.errors }).toEqual({ reconnects: 0, errors: [] });
  }
}

const wishes = { node: 'pve1', parking: true, concurrency: 3, requestedBy: 'test', reason: 'new firmware' };

test('a node with twelve guests is emptied by plan but for the one it names, and they come home', async () => {
    const plan = await planEvacuation(client, parseEvacuationRequest(wishes));
  console.log(renderPlan(plan));
  expect(plan.stays.map(({ vmid }) => vmid)).toEqual([PINNED]);
  expect(plan.moves.filter(({ parking }) => !parking).map(({ vmid }) => vmid).sort()).toEqual(ALL.filter((vmid) => vmid !== PINNED).sort());
  expect(plan.moves.some(({ parking }) => parking)).toBe(true);
  expect(ALL.map(nodeOf)).toEqual(ALL.map(() => 'pve1'));

  const report = await reportOf((await startEvacuation(client, 'pve1', wishes)).workflowId);
  expect({ outcome: report.outcome, left: ALL.filter((vmid) => nodeOf(vmid) === 'pve1'), remains: report.remains })
    .toEqual({ outcome: 'not-empty', left: [PINNED], remains: { guests: [], processes: [], volumes: [], reservations: [] } });
  expect(nodeOf(101)).not.toBe(nodeOf(102));
  await expectCanariesClean();

  const home = await reportOf((await startReturn(client, 'pve1', { node: 'pve1', requestedBy: 'test' })).workflowId);
  expect({ outcome: home.outcome, home: ALL.filter((vmid) => nodeOf(vmid) === 'pve1') }).toEqual({ outcome: 'home', home: ALL });
  await expectCanariesClean();
});

test('Temporal and the control worker are killed in the middle: the same plan goes on, and nothing moves twice', async () => {
  const run = await startEvacuation(client, 'pve1', wishes);
  const held: { restarted: Promise<void> | null } = { restarted: null };
  const report = await reportOf(run.workflowId, ({ guests }) => {
    if (guests.some(({ state }) => state === 'moved')) held.restarted ??= restart();
  });
  expect(held.restarted).not.toBeNull();
  await held.restarted;
  expect({ outcome: report.outcome, plans: report.plans, left: ALL.filter((vmid) => nodeOf(vmid) === 'pve1') }).toEqual({ outcome: 'not-empty', plans: 1, left: [PINNED] });
  expect(report.guests.filter(({ state }) => state === 'moved').map(({ attempts }) => attempts)).toEqual(report.guests.filter(({ vmid }) => vmid !== PINNED).map(() => 1));
  await expectCanariesClean();
});

async function restart(): Promise<void> {
  await Promise.all([lab.control('kill'), lab.temporal('kill')]);
  await lab.temporal('start');
  await lab.control('start');
}
