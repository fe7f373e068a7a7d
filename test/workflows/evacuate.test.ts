import { randomUUID } from 'node:crypto';
import { WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import type { ApplicationFailure } from '@temporalio/common';
import type { EvacuationProgress, GuestState } from '../../domain/contracts/evacuation-progress.js';
import type { EvacuationReport } from '../../domain/contracts/evacuation-report.js';
import { MIGRATIONS_QUEUE, migrationWorkflowId } from '../../domain/ids.js';
import type { FakeOptions } from '../fakes/activities.js';
import type { Bench } from '../fakes/bench.js';
import { FakeCluster, type FakeClusterOptions } from '../fakes/cluster.js';
import { gateAt } from '../fakes/gate.js';
import { eventually } from '../fakes/scenario.js';
import { describeCases } from '../fakes/table.js';

jest.setTimeout(120_000);

const start = (bench: Bench, type: string, raw: Readonly<Record<string, unknown>>): Promise<WorkflowHandle> =>
  bench.env.client.workflow.start(type, { taskQueue: MIGRATIONS_QUEUE, workflowId: `${type}-${randomUUID()}`, args: [raw], workflowExecutionTimeout: '100s' });

const evacuate = (bench: Bench, cluster: FakeCluster, raw: object = {}): Promise<WorkflowHandle> => start(bench, 'evacuateNode', { node: cluster.node(0), ...raw });

async function reportOf(handle: WorkflowHandle): Promise<EvacuationReport> {
  try {
    return (await handle.result()) as EvacuationReport;
  } catch (error) {
    const report = error instanceof WorkflowFailedError ? (error.cause as ApplicationFailure | undefined)?.details?.[0] : undefined;
    if (report === undefined) throw error;
    return report as EvacuationReport;
  }
}

const progressOf = (handle: WorkflowHandle): Promise<EvacuationProgress> => handle.query<EvacuationProgress>('evacuation');
const countOf = async (handle: WorkflowHandle, state: GuestState): Promise<number> => (await progressOf(handle).catch(() => null))?.guests.filter((guest) => guest.state === state).length ?? 0;
const tell = (handle: WorkflowHandle, update: string, input: object = {}): Promise<string> => handle.executeUpdate<string, [object]>(update, { args: [{ by: 'tester', ...input }] });

async function withCluster(bench: Bench, options: FakeClusterOptions, tale: (cluster: FakeCluster) => Promise<void>): Promise<void> {
  const cluster = new FakeCluster(bench, options);
  await cluster.start();
  try {
    await tale(cluster);
    expect(cluster.violations).toEqual([]);
  } finally {
    await cluster.stop();
  }
}

/** Stops a migration at a step until it is called off. */
function holdAt(step: string): { readonly options: Partial<FakeOptions>; readonly reached: Promise<void> } {
  let reach = (): void => undefined;
  const reached = new Promise<void>((resolve) => {
    reach = resolve;
  });
  return { options: { holdAt: step, onHold: () => reach() }, reached };
}

const whoMovedTwice = ({ begun }: FakeCluster): string[] => begun.filter((move, index) => begun.findIndex((other) => other.split(' ')[0] === move.split(' ')[0]) !== index);

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

describeCases('a steered evacuation', {
  'pauses, and goes on after the pause': (bench) => withCluster(bench, { nodes: 2 }, async (cluster) => {
    const gate = gateAt('source.precopy');
    cluster.add(1, { attempts: [{ pauseAt: gate.pauseAt }] });
    cluster.add(2);
    const handle = await evacuate(bench, cluster, { concurrency: 1 });
    await gate.reached;
    await tell(handle, 'pause');
    await expect(tell(handle, 'pause')).rejects.toMatchObject({ cause: { message: 'refused: it is paused already' } });
    gate.open();
    await eventually(async () => (await countOf(handle, 'moved')) === 1);
    expect(await progressOf(handle)).toMatchObject({ phase: 'paused' });
    expect(cluster.begun).toHaveLength(1);
    await tell(handle, 'setConcurrency', { concurrency: 2 });
    await tell(handle, 'resume');
    const report = await reportOf(handle);
    expect(report.outcome).toBe('empty');
    expect(report.actions.map(({ what }) => what)).toEqual(['paused: 1 running migrations go on, nothing else is started', 'concurrency 2', 'resumed']);
  }),

  'skips, retargets and retries guests': (bench) => withCluster(bench, { nodes: 3 }, async (cluster) => {
    const [a = 0, b = 0, c = 0] = cluster.add(3);
    const handle = await evacuate(bench, cluster, { approval: true });
    await eventually(async () => (await progressOf(handle).catch(() => null))?.phase === 'awaitingApproval');
    await tell(handle, 'skipGuest', { vmid: a });
    await tell(handle, 'retargetGuest', { vmid: b, target: cluster.node(2) });
    await tell(handle, 'retargetGuest', { vmid: c, target: cluster.node(2) });
    await expect(tell(handle, 'retargetGuest', { vmid: c, target: cluster.node(0) })).rejects.toThrow();
    await expect(tell(handle, 'skipGuest', { vmid: 1 })).rejects.toMatchObject({ cause: { message: 'refused: guest 1 is not part of it' } });
    await tell(handle, 'retryGuest', { vmid: a });
    await tell(handle, 'skipGuest', { vmid: a });
    await tell(handle, 'approve');
    const report = await reportOf(handle);
    expect({ outcome: report.outcome, left: cluster.on(0), two: cluster.on(2).sort() }).toEqual({ outcome: 'not-empty', left: [a], two: [b, c].sort() });
  }),

  'stops after the current ones': (bench) => withCluster(bench, { nodes: 2 }, async (cluster) => {
    const gate = gateAt('source.precopy');
    cluster.add(1, { attempts: [{ pauseAt: gate.pauseAt }] });
    cluster.add(2);
    const handle = await evacuate(bench, cluster, { concurrency: 1 });
    await gate.reached;
    await tell(handle, 'stopAfterCurrent');
    gate.open();
    const report = await reportOf(handle);
    expect({ outcome: report.outcome, begun: cluster.begun.length, left: cluster.on(0).length }).toEqual({ outcome: 'stopped', begun: 1, left: 2 });
  }),

  'cancelled with bringBack, everybody is where he was': (bench) => withCluster(bench, { nodes: 2 }, async (cluster) => {
    const held = holdAt('source.syncDisks');
    cluster.add(2);
    cluster.add(1, { attempts: [held.options] });
    cluster.add(1);
    const handle = await evacuate(bench, cluster, { concurrency: 1 });
    await held.reached;
    await tell(handle, 'cancelEvacuation', { bringBack: true });
    const report = await reportOf(handle);
    expect({ outcome: report.outcome, home: cluster.on(0).length, cordons: cluster.cordons.size }).toEqual({ outcome: 'cancelled', home: 4, cordons: 0 });
    expect(report.incidents.join('\n')).toContain(`every guest that left ${cluster.node(0)} is back`);
  }),

  'cancelled by Temporal, running guests roll back and the report is kept': (bench) => withCluster(bench, { nodes: 2 }, async (cluster) => {
    const held = holdAt('source.syncDisks');
    cluster.add(2, { attempts: [held.options] });
    const handle = await evacuate(bench, cluster, { concurrency: 1 });
    await held.reached;
    await handle.cancel();
    await expect(handle.result()).rejects.toThrow();
    const { status, memo } = await handle.describe();
    expect({ status: status.name, outcome: (memo?.['report'] as EvacuationReport).outcome, home: cluster.on(0).length }).toEqual({ status: 'CANCELLED', outcome: 'cancelled', home: 2 });
  }),

  'a window that closes in the middle starts nothing more, and the rest waits for the next': (bench) => {
    const clock = { open: true };
    return withCluster(bench, { nodes: 2, window: (atMs) => ({ open: clock.open, changesAtMs: atMs + 400 }) }, async (cluster) => {
      const gate = gateAt('source.precopy');
      cluster.add(1, { attempts: [{ pauseAt: gate.pauseAt }] });
      cluster.add(1);
      const handle = await evacuate(bench, cluster, { concurrency: 1, window: cluster.window });
      await gate.reached;
      clock.open = false;
      await eventually(async () => (await progressOf(handle)).incidents.some((line) => line.endsWith('closed')));
      gate.open();
      await eventually(async () => (await countOf(handle, 'moved')) === 1);
      expect(await progressOf(handle)).toMatchObject({ phase: 'waitingForWindow' });
      expect(cluster.begun).toHaveLength(1);
      clock.open = true;
      expect((await reportOf(handle)).outcome).toBe('empty');
    });
  },

  'a window that closes rolls running guests back where that is declared': (bench) => {
    const clock = { open: true };
    return withCluster(bench, { nodes: 2, window: (atMs) => ({ open: clock.open, changesAtMs: atMs + 400 }) }, async (cluster) => {
      const held = holdAt('source.syncDisks');
      cluster.add(1, { attempts: [held.options] });
      const handle = await evacuate(bench, cluster, { window: cluster.window, atWindowClose: 'rollBack' });
      await held.reached;
      clock.open = false;
      await eventually(async () => (await progressOf(handle)).incidents.some((line) => line.endsWith('closed')));
      await eventually(async () => (await countOf(handle, 'retrying')) === 1);
      expect(cluster.on(0)).toHaveLength(1);
      clock.open = true;
      const report = await reportOf(handle);
      expect({ outcome: report.outcome, attempts: report.guests[0]?.attempts }).toEqual({ outcome: 'empty', attempts: 1 });
    });
  },
});

describeCases('coming home', {
  'guests are back where they were, and those that somebody moved since stay': (bench) => withCluster(bench, { nodes: 3 }, async (cluster) => {
    const vmids = cluster.add(4);
    await reportOf(await evacuate(bench, cluster));
    const [stray = 0] = vmids;
    const guest = cluster.guests.get(stray);
    if (guest === undefined) throw new Error('no guest');
    const elsewhere = guest.node === cluster.node(1) ? 2 : 1;
    await bench.env.client.workflow.execute('migrateGuest', { taskQueue: MIGRATIONS_QUEUE, workflowId: migrationWorkflowId(stray), args: [{ vmid: stray, target: cluster.node(elsewhere) }] });
    const report = await reportOf(await start(bench, 'returnHome', { node: cluster.node(0) }));
    expect({ outcome: report.outcome, home: cluster.on(0), cordons: cluster.cordons.size }).toEqual({ outcome: 'home', home: vmids.slice(1), cordons: 0 });
    expect(report.incidents.join()).toContain(`guest ${stray} was moved to ${cluster.node(elsewhere)} by another hand`);
    expect(cluster.away.get(cluster.node(0))?.guests).toEqual([]);
  }),
});
