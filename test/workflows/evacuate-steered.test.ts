import type { EvacuationReport } from '../../domain/contracts/evacuation-report.js';
import { migrationWorkflowId, MIGRATIONS_QUEUE } from '../../domain/ids.js';
import { countOf, evacuate, holdAt, progressOf, reportOf, start, tell, withCluster } from '../fakes/evacuation.js';
import { gateAt } from '../fakes/gate.js';
import { eventually } from '../fakes/scenario.js';
import { describeCases } from '../fakes/table.js';

jest.setTimeout(120_000);

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
