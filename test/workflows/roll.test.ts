import { randomUUID } from 'node:crypto';
import { ScheduleOverlapPolicy } from '@temporalio/client';
import type { RollProgress, RollReport } from '../../domain/contracts/roll.js';
import { MIGRATIONS_QUEUE } from '../../domain/ids.js';
import { evacuate, holdAt, progressOf, reportOf, start, tell, whoMovedTwice, withCluster } from '../fakes/evacuation.js';
import { gateAt } from '../fakes/gate.js';
import { eventually } from '../fakes/scenario.js';
import { describeCases } from '../fakes/table.js';

jest.setTimeout(120_000);

describeCases('a rolling maintenance', {
  'empties, maintains and refills node after node': (bench) => {
    const maintained: string[] = [];
    return withCluster(bench, { nodes: 3, hook: (node) => Promise.resolve(void maintained.push(node)) }, async (cluster) => {
      const [a, b] = [cluster.add(2), cluster.add(2, { on: 1 })];
      const report = (await (await start(bench, 'rollNodes', { nodes: [cluster.node(0), cluster.node(1)], hook: 'upgrade' })).result()) as RollReport;
      expect(report.outcome).toBe('done');
      expect(report.nodes.map(({ state, left, cameHome }) => ({ state, isBack: left === cameHome && left > 0 }))).toEqual(Array(2).fill({ state: 'done', isBack: true }));
      expect({ maintained, on: [cluster.on(0), cluster.on(1)], cordons: cluster.cordons.size }).toEqual({ maintained: [cluster.node(0), cluster.node(1)], on: [a, b], cordons: 0 });
    });
  },

  'waits for the word that a node is ready': (bench) => withCluster(bench, { nodes: 2 }, async (cluster) => {
    cluster.add(1);
    const handle = await start(bench, 'rollNodes', { nodes: [cluster.node(0)] });
    const stateOf = async (): Promise<string | undefined> => (await handle.query<RollProgress>('roll').catch(() => null))?.nodes[0]?.state;
    await eventually(async () => (await stateOf()) === 'inMaintenance');
    expect(cluster.on(0)).toEqual([]);
    await expect(tell(handle, 'nodeReady', { node: cluster.node(1) })).rejects.toMatchObject({ cause: { message: `refused: ${cluster.node(1)} is not part of it` } });
    await tell(handle, 'nodeReady', { node: cluster.node(0) });
    expect(((await handle.result()) as RollReport).outcome).toBe('done');
    expect(cluster.on(0)).toHaveLength(1);
  }),

  'stops at the first node that does not come back': (bench) => withCluster(bench, { nodes: 3 }, async (cluster) => {
    cluster.add(1);
    const stays = cluster.add(1, { on: 1 });
    const handle = await start(bench, 'rollNodes', { nodes: [cluster.node(0), cluster.node(1)], returnTimeoutSeconds: 1 });
    await eventually(async () => (await handle.query<RollProgress>('roll').catch(() => null))?.nodes[0]?.state === 'inMaintenance');
    await cluster.die(0);
    await tell(handle, 'nodeReady', { node: cluster.node(0) });
    await expect(handle.result()).rejects.toMatchObject({ cause: { message: expect.stringContaining(`${cluster.node(0)}: it did not come back within 1 s`) as string } });
    expect(cluster.on(1)).toEqual(expect.arrayContaining(stays));
    expect([...cluster.cordons.keys()]).toEqual([cluster.node(0)]);
  }),

  'a command that nobody took was not run, and its node is not taken for maintained': (bench) => {
    const cluster: { away?: () => void } = {};
    const maintained: string[] = [];
    return withCluster(bench, { nodes: 2, hook: (node) => Promise.resolve(void maintained.push(node)), before: (step) => { if (step === 'proveEmpty') cluster.away?.(); } }, async (nodes) => {
      nodes.add(1);
      cluster.away = (): void => void nodes.die(0);
      const handle = await start(bench, 'rollNodes', { nodes: [nodes.node(0)], hook: 'upgrade', returnTimeoutSeconds: 60 });
      await expect(handle.result()).rejects.toMatchObject({ cause: { message: expect.stringMatching(/nobody took the task, the agent is away.*was not begun.*ferry uncordon \S+ --return-home/) as string } });
      expect({ maintained, cordons: [...nodes.cordons.keys()] }).toEqual({ maintained: [], cordons: [nodes.node(0)] });
    });
  },

  'an evacuation started by a Schedule': (bench) => withCluster(bench, { nodes: 2 }, async (cluster) => {
    cluster.add(1);
    const workflowId = `evacuate-node-${cluster.node(0)}`;
    const schedule = await bench.env.client.schedule.create({
      scheduleId: `empty-${randomUUID()}`, spec: { intervals: [{ every: '365d' }] }, policies: { overlap: ScheduleOverlapPolicy.SKIP },
      action: { type: 'startWorkflow', workflowType: 'evacuateNode', workflowId, taskQueue: MIGRATIONS_QUEUE, args: [{ node: cluster.node(0) }] },
    });
    await schedule.trigger();
    const begun = async (): Promise<string | undefined> => (await schedule.describe()).info.recentActions[0]?.action.workflow.workflowId;
    await eventually(async () => (await begun()) !== undefined);
    const report = await reportOf(bench.env.client.workflow.getHandle((await begun()) ?? ''));
    await schedule.delete();
    expect({ outcome: report.outcome, left: cluster.on(0) }).toEqual({ outcome: 'empty', left: [] });
  }),
});

// The control worker is everybody's here: these run by themselves.
describeCases('an evacuation whose control worker is restarted', {
  'goes on with the same plan, and nothing moves twice': (bench) => withCluster(bench, { nodes: 3 }, async (cluster) => {
    const gate = gateAt('source.precopy');
    cluster.add(1, { attempts: [{ pauseAt: gate.pauseAt }] });
    cluster.add(5);
    const handle = await evacuate(bench, cluster);
    await gate.reached;
    await bench.control.stop();
    gate.open();
    await bench.control.start();
    const report = await reportOf(handle);
    expect({ outcome: report.outcome, plans: report.plans, begun: cluster.begun.length, twice: whoMovedTwice(cluster) }).toEqual({ outcome: 'empty', plans: 1, begun: 6, twice: [] });
  }),

  'pauses, restarts, and is resumed': (bench) => withCluster(bench, { nodes: 2 }, async (cluster) => {
    const held = holdAt('source.syncDisks');
    cluster.add(1, { attempts: [held.options] });
    cluster.add(2);
    const handle = await evacuate(bench, cluster, { concurrency: 1 });
    await held.reached;
    await tell(handle, 'pause');
    await bench.env.client.workflow.getHandle(`migrate-guest-${cluster.on(0)[0] ?? 0}`).cancel();
    await eventually(async () => (await progressOf(handle)).guests.some(({ state }) => state === 'skipped'));
    await bench.control.stop();
    await bench.control.start();
    expect(await progressOf(handle)).toMatchObject({ phase: 'paused' });
    await tell(handle, 'resume');
    const report = await reportOf(handle);
    expect({ outcome: report.outcome, moved: report.guests.filter(({ state }) => state === 'moved').length, left: cluster.on(0).length }).toEqual({ outcome: 'not-empty', moved: 2, left: 1 });
  }),
}, 1);
