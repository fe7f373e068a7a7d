import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { WorkflowHandle } from '@temporalio/client';
import { DefaultLogger, Worker } from '@temporalio/worker';
import { MIGRATIONS_QUEUE } from '../../domain/ids.js';
import { bundleWorkflows } from '../../workers/workflow-bundle.js';
import { Bench } from '../fakes/bench.js';
import type { FakeCluster, FakeClusterOptions } from '../fakes/cluster.js';
import { evacuate, holdAt, progressOf, reportOf, start, tell, withCluster } from '../fakes/evacuation.js';
import { gateAt } from '../fakes/gate.js';
import { historyOf, writeGolden } from '../fakes/golden.js';
import { eventually } from '../fakes/scenario.js';

jest.setTimeout(120_000);

/** Shorter pauses only, which give the same commands: the histories are replayed with the spans of production. */
const QUICK = { provePauseMs: 100, replanPauseMs: 300, returnPauseMs: 200 };

const begin = (bench: Bench, type: string, raw: object, timings: object = QUICK): Promise<WorkflowHandle> =>
  bench.env.client.workflow.start(type, { taskQueue: MIGRATIONS_QUEUE, workflowId: `${type}-${randomUUID()}`, args: [raw], workflowExecutionTimeout: '100s', memo: { timings } });

type Path = readonly [name: string, options: FakeClusterOptions, play: (bench: Bench, cluster: FakeCluster) => Promise<WorkflowHandle>];

/** As in golden.test.ts, of what moves many guests. */
const paths: readonly Path[] = [
  ['evacuation-emptied', { nodes: 3 }, async (bench, cluster) => {
    cluster.add(2, { applications: ['app-db'] });
    const handle = await begin(bench, 'evacuateNode', { node: cluster.node(0), canary: 1, healthCheck: 'tcp:22' });
    expect((await reportOf(handle)).outcome).toBe('empty');
    return handle;
  }],
  ['evacuation-planned-again', { nodes: 3 }, async (bench, cluster) => {
    cluster.add(1, { attempts: [{ faults: [{ activity: 'target.reserveTarget', when: 'before', code: 'InsufficientCapacity' }] }] });
    const [blocked] = cluster.add(1, { blocked: true });
    const handle = await begin(bench, 'evacuateNode', { node: cluster.node(0) });
    const report = await reportOf(handle);
    expect({ outcome: report.outcome, plans: report.plans, left: cluster.on(0) }).toEqual({ outcome: 'not-empty', plans: 2, left: [blocked] });
    return handle;
  }],
  ['evacuation-steered', { nodes: 3 }, async (bench, cluster) => {
    const gate = gateAt('source.precopy');
    cluster.add(1, { attempts: [{ pauseAt: gate.pauseAt }] });
    const [second = 0, third = 0] = cluster.add(2);
    const handle = await begin(bench, 'evacuateNode', { node: cluster.node(0), approval: true, concurrency: 1 });
    await eventually(async () => (await progressOf(handle).catch(() => null))?.phase === 'awaitingApproval');
    await tell(handle, 'retargetGuest', { vmid: second, target: cluster.node(2) });
    await tell(handle, 'skipGuest', { vmid: third });
    await tell(handle, 'approve');
    await gate.reached;
    await tell(handle, 'pause');
    await tell(handle, 'setBandwidth', { bwlimitKiBps: 1024 });
    await tell(handle, 'retryGuest', { vmid: third });
    gate.open();
    await eventually(async () => (await progressOf(handle)).phase === 'paused');
    await tell(handle, 'resume');
    expect((await reportOf(handle)).outcome).toBe('empty');
    return handle;
  }],
  ['evacuation-in-its-window', { nodes: 2, window: (atMs) => ({ open: true, changesAtMs: atMs + 3_600_000 }) }, async (bench, cluster) => {
    cluster.add(1);
    const handle = await begin(bench, 'evacuateNode', { node: cluster.node(0), window: cluster.window });
    expect((await reportOf(handle)).outcome).toBe('empty');
    return handle;
  }],
  ['evacuation-called-off', { nodes: 2 }, async (bench, cluster) => {
    const held = holdAt('source.syncDisks');
    cluster.add(1);
    cluster.add(1, { attempts: [held.options] });
    const handle = await begin(bench, 'evacuateNode', { node: cluster.node(0), concurrency: 1 });
    await held.reached;
    await tell(handle, 'cancelEvacuation', { bringBack: true });
    expect({ outcome: (await reportOf(handle)).outcome, home: cluster.on(0).length }).toEqual({ outcome: 'cancelled', home: 2 });
    return handle;
  }],
  ['evacuation-continued', { nodes: 2 }, async (bench, cluster) => {
    const gate = gateAt('source.precopy');
    cluster.add(1, { attempts: [{ pauseAt: gate.pauseAt }] });
    const handle = await begin(bench, 'evacuateNode', { node: cluster.node(0) }, { ...QUICK, evacuationHistoryEvents: 25 });
    await gate.reached;
    for (const concurrency of [2, 3, 4, 5]) {
      // An update that comes while one run hands over to the next is refused, and heard when it is said again.
      await eventually(() => tell(handle, 'setConcurrency', { concurrency }).then(() => true, () => false));
    }
    gate.open();
    const report = await reportOf(handle);
    expect(report.outcome).toBe('empty');
    expect(report.runs).toBeGreaterThan(1);
    return bench.env.client.workflow.getHandle(handle.workflowId);
  }],
  ['guests-come-home', { nodes: 2 }, async (bench, cluster) => {
    cluster.add(2);
    await reportOf(await evacuate(bench, cluster));
    const handle = await begin(bench, 'returnHome', { node: cluster.node(0) });
    expect((await reportOf(handle)).outcome).toBe('home');
    return handle;
  }],
  ['roll', { nodes: 3, hook: () => Promise.resolve() }, async (bench, cluster) => {
    cluster.add(1);
    const handle = await begin(bench, 'rollNodes', { nodes: [cluster.node(0), cluster.node(1)], hook: 'upgrade' });
    expect(await handle.result()).toMatchObject({ outcome: 'done' });
    return handle;
  }],
  ['roll-by-hand', { nodes: 2 }, async (bench, cluster) => {
    cluster.add(1);
    const handle = await begin(bench, 'rollNodes', { nodes: [cluster.node(0)] });
    await eventually(async () => (await handle.query<{ nodes: { state: string }[] }>('roll').catch(() => null))?.nodes[0]?.state === 'inMaintenance');
    await tell(handle, 'nodeReady', { node: cluster.node(0) });
    expect(await handle.result()).toMatchObject({ outcome: 'done' });
    return handle;
  }],
  ['evacuation-plan', { nodes: 2 }, async (bench, cluster) => {
    cluster.add(1);
    const handle = await start(bench, 'planEvacuation', { node: cluster.node(0) });
    expect(await handle.result()).toMatchObject({ moves: [{ to: cluster.node(1) }] });
    return handle;
  }],
  ['uncordoned', { nodes: 2 }, async (bench, cluster) => {
    const handle = await start(bench, 'uncordonNode', { node: cluster.node(0) });
    expect(await handle.result()).toEqual({ node: cluster.node(0), away: 0 });
    return handle;
  }],
];

describe('a history of each path with many guests', () => {
  let bench: Bench;
  let code: string;
  beforeAll(async () => {
    bench = await Bench.start();
    code = await bundleWorkflows(join(process.env['FERRY_HOME'] ?? '.', 'workflows/index.ts'), new DefaultLogger('ERROR'));
  });
  afterAll(() => bench?.stop());

  it.each(paths)('%s replays with the workflows as they are shipped', (name, options, play) => withCluster(bench, options, async (cluster) => {
    const handle = await play(bench, cluster);
    await Worker.runReplayHistory({ workflowBundle: { code } }, await historyOf(handle));
    if (process.env['FERRY_RECORD_HISTORIES'] === '1') await writeGolden(name, handle);
  }));
});
