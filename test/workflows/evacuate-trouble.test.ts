import { randomUUID } from 'node:crypto';
import { ApplicationFailure } from '@temporalio/common';
import { migrationWorkflowId, MIGRATIONS_QUEUE } from '../../domain/ids.js';
import { OVER } from '../fakes/cluster.js';
import { evacuate, holdAt, progressOf, reportOf, tell, withCluster } from '../fakes/evacuation.js';
import { gateAt } from '../fakes/gate.js';
import { eventually } from '../fakes/scenario.js';
import { describeCases } from '../fakes/table.js';

jest.setTimeout(120_000);

const noQuorum = (): ApplicationFailure => ApplicationFailure.create({ type: 'ClusterReadOnly', message: 'no quorum', nonRetryable: true });

describeCases('an evacuation', {
  'that can not be planned lifts its cordon, but not the one it found': (bench) => withCluster(bench, { nodes: 2 }, async (cluster) => {
    await cluster.die(0);
    await expect((await evacuate(bench, cluster)).result()).rejects.toMatchObject({ cause: { type: 'NodeUnreachable' } });
    expect(cluster.cordons.size).toBe(0);
    cluster.cordons.set(cluster.node(0), { node: cluster.node(0), epoch: 'of before', workflowId: OVER, requestedBy: 'tester', since: '' });
    await expect((await evacuate(bench, cluster)).result()).rejects.toMatchObject({ cause: { type: 'NodeUnreachable' } });
    expect([...cluster.cordons.keys()]).toEqual([cluster.node(0)]);
  }),

  'takes up a migration that it had begun before it was reset, and brings that guest home too': (bench) => withCluster(bench, { nodes: 2 }, async (cluster) => {
    const gate = gateAt('source.precopy');
    const [vmid = 0] = cluster.add(1, { attempts: [{ pauseAt: gate.pauseAt }] });
    const workflowId = `evacuateNode-${randomUUID()}`;
    await bench.env.client.workflow.start('migrateGuest', { taskQueue: MIGRATIONS_QUEUE, workflowId: migrationWorkflowId(vmid), args: [{ vmid, target: cluster.node(1), reason: `new firmware (part of ${workflowId})` }] });
    await gate.reached;
    const handle = await bench.env.client.workflow.start('evacuateNode', { taskQueue: MIGRATIONS_QUEUE, workflowId, args: [{ node: cluster.node(0) }], workflowExecutionTimeout: '100s' });
    await eventually(async () => (await progressOf(handle).catch(() => null))?.incidents.some((line) => line.includes('is being migrated already')) === true);
    gate.open();
    const report = await reportOf(handle);
    expect({ states: report.guests.map(({ state }) => state), away: cluster.away.get(cluster.node(0))?.guests.map((guest) => guest.vmid) }).toEqual({ states: ['moved'], away: [vmid] });
  }),

  'who left is recorded in the end, when a write failed on the way': (bench) => {
    let failures = 1;
    const before = (step: string): void => {
      if (step === 'recordMoved' && (failures -= 1) >= 0) throw noQuorum();
    };
    return withCluster(bench, { nodes: 2, before }, async (cluster) => {
      const all = cluster.add(3);
      expect((await reportOf(await evacuate(bench, cluster, { concurrency: 1 }))).outcome).toBe('empty');
      expect(cluster.away.get(cluster.node(0))?.guests.map(({ vmid }) => vmid).sort()).toEqual(all.sort());
    });
  },

  'guests that come meanwhile and can not be planned: the report says why it is not empty': (bench) => {
    let isProved = false;
    const before = (step: string): void => {
      if (step === 'planEvacuation' && isProved) throw noQuorum();
      isProved ||= step === 'proveEmpty';
    };
    return withCluster(bench, { nodes: 2, before }, async (cluster) => {
      cluster.add(1);
      cluster.remains.push({ guests: [999], processes: [], volumes: [], reservations: [] });
      const report = await reportOf(await evacuate(bench, cluster));
      expect({ outcome: report.outcome, moved: report.guests.length }).toEqual({ outcome: 'not-empty', moved: 1 });
      expect(report.reason).toContain('no quorum');
    });
  },

  'that waits long for a migration continues as new meanwhile': (bench) => withCluster(bench, { nodes: 2 }, async (cluster) => {
    const gate = gateAt('source.precopy');
    cluster.add(1, { attempts: [{ pauseAt: gate.pauseAt }] });
    const handle = await bench.env.client.workflow.start('evacuateNode', {
      taskQueue: MIGRATIONS_QUEUE, workflowId: `evacuateNode-${randomUUID()}`, args: [{ node: cluster.node(0) }], workflowExecutionTimeout: '100s',
      memo: { timings: { evacuationHistoryEvents: 60, stuckLookMs: 100, provePauseMs: 100 } },
    });
    await gate.reached;
    await eventually(async () => (await handle.describe()).runId !== handle.firstExecutionRunId);
    gate.open();
    const report = await reportOf(handle);
    expect({ outcome: report.outcome, begun: cluster.begun.length, isLater: report.runs > 1 }).toEqual({ outcome: 'empty', begun: 1, isLater: true });
  }),

  'cancelled with bringBack, and the cordon can not be lifted: the report says so, and what to do': (bench) => {
    const before = (step: string): void => {
      if (step === 'uncordonNode') throw noQuorum();
    };
    return withCluster(bench, { nodes: 2, before }, async (cluster) => {
      const held = holdAt('source.syncDisks');
      cluster.add(1, { attempts: [held.options] });
      const handle = await evacuate(bench, cluster);
      await held.reached;
      await tell(handle, 'cancelEvacuation', { bringBack: true });
      const report = await reportOf(handle);
      expect(report.outcome).toBe('cancelled');
      expect(report.incidents).toContainEqual(expect.stringMatching(/no quorum.*ferry uncordon \S+ --return-home/));
    });
  },
}, 2);
