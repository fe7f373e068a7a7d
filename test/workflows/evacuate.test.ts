import { randomUUID } from 'node:crypto';
import { migrationWorkflowId, MIGRATIONS_QUEUE } from '../../domain/ids.js';
import { evacuate, progressOf, reportOf, tell, whoMovedTwice, withCluster } from '../fakes/evacuation.js';
import { gateAt } from '../fakes/gate.js';
import { eventually } from '../fakes/scenario.js';
import { describeCases } from '../fakes/table.js';

jest.setTimeout(120_000);

describeCases('an evacuation', {
  'empties the node within its concurrency, and proves it': (bench) => withCluster(bench, { nodes: 3 }, async (cluster) => {
    cluster.add(6);
    const report = await reportOf(await evacuate(bench, cluster));
    expect({ outcome: report.outcome, left: cluster.on(0), most: cluster.most, plans: report.plans }).toEqual({ outcome: 'empty', left: [], most: 2, plans: 1 });
    expect(report.guests.map(({ state }) => state)).toEqual(Array(6).fill('moved'));
    expect([...cluster.cordons.keys()]).toEqual([cluster.node(0)]);
    expect(cluster.away.get(cluster.node(0))?.guests).toHaveLength(6);
  }),

  'plans and touches nothing in a dry run': (bench) => withCluster(bench, { nodes: 2 }, async (cluster) => {
    cluster.add(2);
    const report = await reportOf(await evacuate(bench, cluster, { dryRun: true }));
    expect({ outcome: report.outcome, moves: report.plan?.moves.length, begun: cluster.begun, cordons: cluster.cordons.size }).toEqual({ outcome: 'planned', moves: 2, begun: [], cordons: 0 });
  }),

  'is not empty when a guest has to stay, and fails so': (bench) => withCluster(bench, { nodes: 2 }, async (cluster) => {
    cluster.add(1);
    const [blocked] = cluster.add(1, { blocked: true });
    const handle = await evacuate(bench, cluster);
    const report = await reportOf(handle);
    expect({ outcome: report.outcome, left: cluster.on(0) }).toEqual({ outcome: 'not-empty', left: [blocked] });
    expect(report.reason).toContain(`${blocked} (it uses a device of this node)`);
    expect((await handle.describe()).status.name).toBe('FAILED');
  }),

  'waits for its approval': (bench) => withCluster(bench, { nodes: 2 }, async (cluster) => {
    cluster.add(1);
    const handle = await evacuate(bench, cluster, { approval: true });
    await eventually(async () => (await progressOf(handle).catch(() => null))?.phase === 'awaitingApproval');
    expect(cluster.begun).toEqual([]);
    await tell(handle, 'approve');
    const report = await reportOf(handle);
    expect(report.outcome).toBe('empty');
    expect(report.actions).toMatchObject([{ by: 'tester', what: 'approved: guests begin to move' }]);
  }),

  'never moves two guests of one application at once': (bench) => withCluster(bench, { nodes: 3 }, async (cluster) => {
    cluster.add(4, { applications: ['app-db'] });
    cluster.add(2);
    expect((await reportOf(await evacuate(bench, cluster, { concurrency: 4 }))).outcome).toBe('empty');
  }),

  'a guest that fails stays where it runs, and is tried elsewhere': (bench) => withCluster(bench, { nodes: 3 }, async (cluster) => {
    cluster.add(1);
    const [fails] = cluster.add(1, { attempts: [{ faults: [{ activity: 'target.reserveTarget', when: 'before', code: 'InsufficientCapacity' }] }] });
    const report = await reportOf(await evacuate(bench, cluster));
    expect({ outcome: report.outcome, plans: report.plans }).toEqual({ outcome: 'empty', plans: 2 });
    const tries = cluster.begun.filter((move) => move.startsWith(String(fails)));
    expect(tries).toHaveLength(2);
    expect(new Set(tries).size).toBe(2);
  }),

  'gives a guest up after three tries': (bench) => withCluster(bench, { nodes: 2 }, async (cluster) => {
    const fault = { faults: [{ activity: 'source.syncDisks', when: 'before', code: 'MirrorFailed' } as const] };
    const [bad] = cluster.add(1, { attempts: [fault, fault, fault] });
    const report = await reportOf(await evacuate(bench, cluster));
    expect({ outcome: report.outcome, guests: report.guests.map(({ vmid, state, attempts }) => ({ vmid, state, attempts })), left: cluster.on(0) })
      .toEqual({ outcome: 'not-empty', guests: [{ vmid: bad, state: 'failed', attempts: 3 }], left: [bad] });
  }),

  'stops when more guests are in trouble than its budget allows': (bench) => withCluster(bench, { nodes: 2, healthy: () => false }, async (cluster) => {
    cluster.add(5);
    const report = await reportOf(await evacuate(bench, cluster, { concurrency: 1, failureBudget: 1, healthCheck: 'agent' }));
    expect({ outcome: report.outcome, begun: cluster.begun.length }).toEqual({ outcome: 'stopped', begun: 2 });
  }),

  'lets canaries go first, one by one, and stops when one is not well': (bench) => withCluster(bench, { nodes: 2, healthy: () => false }, async (cluster) => {
    cluster.add(4);
    const report = await reportOf(await evacuate(bench, cluster, { concurrency: 4, canary: 2, healthCheck: 'tcp:80' }));
    expect({ outcome: report.outcome, begun: cluster.begun.length, left: cluster.on(0).length }).toEqual({ outcome: 'stopped', begun: 1, left: 3 });
    expect(report.reason).toContain('canary');
  }),

  'plans again when a target dies in the middle': (bench) => withCluster(bench, { nodes: 3 }, async (cluster) => {
    const gate = gateAt('target.reserveTarget');
    cluster.add(1, { attempts: [{ pauseAt: gate.pauseAt }] });
    cluster.add(5);
    const handle = await evacuate(bench, cluster, { concurrency: 1 });
    await gate.reached;
    const dead = cluster.begun[0]?.endsWith(cluster.node(1)) === true ? 1 : 2;
    const died = cluster.die(dead);
    gate.open();
    await died;
    const report = await reportOf(handle);
    expect({ outcome: report.outcome, left: cluster.on(0) }).toEqual({ outcome: 'empty', left: [] });
    expect(report.plans).toBeGreaterThan(1);
    expect(cluster.on(dead)).toHaveLength(0);
  }),

  'follows a migration that somebody else has begun': (bench) => withCluster(bench, { nodes: 3 }, async (cluster) => {
    const gate = gateAt('source.precopy');
    const [vmid = 0] = cluster.add(1, { attempts: [{ pauseAt: gate.pauseAt }] });
    const other = await bench.env.client.workflow.start('migrateGuest', { taskQueue: MIGRATIONS_QUEUE, workflowId: migrationWorkflowId(vmid), args: [{ vmid, target: cluster.node(2) }] });
    await gate.reached;
    const handle = await evacuate(bench, cluster);
    await eventually(async () => (await progressOf(handle).catch(() => null))?.incidents.some((line) => line.includes('is being migrated already')) === true);
    gate.open();
    await other.result();
    const report = await reportOf(handle);
    expect({ outcome: report.outcome, begun: cluster.begun.length, states: report.guests.map(({ state }) => state) }).toEqual({ outcome: 'empty', begun: 1, states: ['gone'] });
  }),

  'welcomes guests that come while the others leave': (bench) => withCluster(bench, { nodes: 2 }, async (cluster) => {
    const gate = gateAt('source.precopy');
    cluster.add(1, { attempts: [{ pauseAt: gate.pauseAt }] });
    const handle = await evacuate(bench, cluster);
    await gate.reached;
    cluster.add(1);
    gate.open();
    const report = await reportOf(handle);
    expect({ outcome: report.outcome, moved: report.guests.length, left: cluster.on(0) }).toEqual({ outcome: 'empty', moved: 2, left: [] });
  }),

  'two at once never target each other\'s node, and a node is emptied once': (bench) => withCluster(bench, { nodes: 4 }, async (cluster) => {
    cluster.add(3);
    cluster.add(3, { on: 1 });
    const first = await evacuate(bench, cluster);
    await eventually(async () => (await progressOf(first).catch(() => null)) !== null && cluster.cordons.size === 1);
    await expect((await evacuate(bench, cluster)).result()).rejects.toMatchObject({ cause: { type: 'NodeCordoned' } });
    const second = await evacuate(bench, cluster, { node: cluster.node(1) });
    const reports = await Promise.all([reportOf(first), reportOf(second)]);
    expect({ outcomes: reports.map(({ outcome }) => outcome), left: [cluster.on(0), cluster.on(1)] }).toEqual({ outcomes: ['empty', 'empty'], left: [[], []] });
  }),

  'nothing moves twice when the workflow continues as new again and again': (bench) => withCluster(bench, { nodes: 3 }, async (cluster) => {
    cluster.add(10);
    const handle = await bench.env.client.workflow.start('evacuateNode', {
      taskQueue: MIGRATIONS_QUEUE, workflowId: `evacuateNode-${randomUUID()}`, args: [{ node: cluster.node(0), concurrency: 3 }], workflowExecutionTimeout: '100s',
      memo: { timings: { evacuationHistoryEvents: 35, provePauseMs: 100 } },
    });
    const report = await reportOf(handle);
    expect({ outcome: report.outcome, twice: whoMovedTwice(cluster), begun: cluster.begun.length }).toEqual({ outcome: 'empty', twice: [], begun: 10 });
    expect(report.runs).toBeGreaterThan(2);
    expect(cluster.away.get(cluster.node(0))?.guests).toHaveLength(10);
  }),
});
