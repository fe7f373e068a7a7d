import { askLedgers } from '../../client/api/ask-ledgers.js';
import { SLOT_LEDGERS_ID } from '../../domain/ids.js';
import type { Bench } from '../fakes/bench.js';
import { isUnused, needOf, newResource, setLimits, viewOf, withConvoy } from '../fakes/convoy.js';
import { endingOf, eventually, progressOf } from '../fakes/scenario.js';
import { describeCases } from '../fakes/table.js';
import { gateAt } from '../fakes/gate.js';
import { createRequestSlots } from '../../workers/slot-ledgers.js';

jest.setTimeout(120_000);

const cases: Readonly<Record<string, (bench: Bench) => Promise<void>>> = {
  'six that share two slots: never more than two at once, and all arrive': (bench) => withConvoy(bench, async (convoy) => {
    const resource = newResource();
    const [underWay, most] = [new Set<number>(), { ever: 0 }];
    for (let index = 0; index < 6; index += 1) {
      await convoy.add([needOf(resource)], {
        pauseAt: (call) => {
          if (call === 'source.prepareSource') underWay.add(index);
          most.ever = Math.max(most.ever, underWay.size);
          if (call === 'source.cleanupSource') underWay.delete(index);
          return Promise.resolve();
        },
      });
    }
    for (let index = 0; index < 6; index += 1) await convoy.expect(index, 'migrated');
    expect(most.ever).toBe(2);
    await eventually(() => isUnused(bench, resource));
    expect((await viewOf(bench, resource)).holders).toEqual([]);
    // On the way the ledgers have continued as new.
    await eventually(async () => (await bench.env.client.workflow.count(`WorkflowId = '${SLOT_LEDGERS_ID}' AND ExecutionStatus = 'ContinuedAsNew'`)).count > 0);
  }),

  'who waits says for what, and goes on when a slot is free': (bench) => withConvoy(bench, async (convoy) => {
    const resource = newResource();
    await convoy.queue(resource);
    const vmid = convoy.scenarios[0]?.vmid ?? 0;
    expect(await progressOf(convoy.handle(1))).toMatchObject({ waitingFor: `its turn on ${resource}: place 1 of 1 in the queue; 1 of 1 transfers out is taken, by guest ${vmid}` });
    expect(convoy.scenarios[1]?.world.lock).toBeNull();
    expect(await viewOf(bench, resource)).toMatchObject({ holders: [{ vmid }], waiters: [{ vmid: convoy.scenarios[1]?.vmid }] });
    convoy.letGo(0);
    await convoy.copying(1);
    convoy.letGo(1);
    await convoy.expect(0, 'migrated');
    await convoy.expect(1, 'migrated');
  }),

  'a holder that was terminated gives its slot to the next': (bench) => withConvoy(bench, async (convoy) => {
    const resource = newResource();
    await convoy.queue(resource);
    await convoy.handle(0).terminate('test');
    await convoy.copying(1);
    convoy.letGo(1);
    await convoy.expect(1, 'migrated');
    await eventually(() => isUnused(bench, resource));
  }),

  'one that waits and is terminated is passed over': (bench) => withConvoy(bench, async (convoy) => {
    const resource = newResource();
    await convoy.queue(resource, 2);
    await convoy.handle(1).terminate('test');
    convoy.letGo(0);
    await convoy.copying(2);
    convoy.letGo(2);
    await convoy.expect(2, 'migrated');
    await eventually(() => isUnused(bench, resource));
  }),

  'cancelled while it waits: at once, with nothing touched and its place given up': (bench) => withConvoy(bench, async (convoy) => {
    const resource = newResource();
    await convoy.queue(resource);
    await convoy.handle(1).cancel();
    const ending = await endingOf(convoy.handle(1));
    expect(ending).toMatchObject({ status: 'cancelled', report: { outcome: 'cancelled', reason: 'cancelled before anything was touched' } });
    expect(convoy.scenarios[1]?.world.calls).not.toContain('cluster.lockGuest');
    await eventually(async () => (await viewOf(bench, resource)).waiters.length === 0);
    convoy.letGo(0);
    await convoy.expect(0, 'migrated');
  }),

  'limits that are raised while it runs let the next one in, and stay': (bench) => withConvoy(bench, async (convoy) => {
    const resource = newResource();
    await convoy.queue(resource);
    await setLimits(bench, resource, { limits: { 'transfer-out': 2 }, by: 'tester' });
    await convoy.copying(1);
    for (const index of [0, 1]) convoy.letGo(index);
    await convoy.expect(0, 'migrated');
    await convoy.expect(1, 'migrated');
    await eventually(async () => (await viewOf(bench, resource)).holders.length === 0);
    expect((await viewOf(bench, resource)).pools).toContainEqual({ pool: 'transfer-out', limit: 2, used: 0, setBy: 'tester' });
    expect(await isUnused(bench, resource)).toBe(false);
    await setLimits(bench, resource, { limits: { 'transfer-out': null } });
    await eventually(() => isUnused(bench, resource));
  }),

  'limits that make no sense are refused': (bench) => withConvoy(bench, async (convoy) => {
    const resource = newResource();
    await convoy.add([needOf(resource)]);
    await convoy.copying(0);
    for (const limits of [{ 'transfer-out': -1 }, { 'transfer-out': 1.5 }, { sideways: 1 }, {}]) {
      await expect(setLimits(bench, resource, { limits })).rejects.toMatchObject({ cause: { type: 'InvalidInput' } });
    }
    convoy.letGo(0);
    await convoy.expect(0, 'migrated');
  }),

  'a message that is none changes nothing, and stops nobody': (bench) => withConvoy(bench, async (convoy) => {
    const resource = newResource();
    await convoy.queue(resource);
    const ledgers = bench.env.client.workflow.getHandle(SLOT_LEDGERS_ID);
    for (const garbage of [undefined, 'please', [{ resource }], { resource, pools: 'all' }]) {
      for (const signal of ['requestSlots', 'releaseSlots']) await ledgers.signal(signal, garbage);
      await expect(askLedgers(() => ledgers.executeUpdate('takeSlots', { args: [garbage] }))).rejects.toMatchObject({ cause: { type: 'InvalidInput' } });
    }
    expect((await viewOf(bench, resource)).waiters).toHaveLength(1);
    for (const index of [0, 1]) {
      await convoy.copying(index);
      convoy.letGo(index);
    }
    for (const index of [0, 1]) await convoy.expect(index, 'migrated');
  }),

  'the more urgent one is served first': (bench) => withConvoy(bench, async (convoy) => {
    const resource = newResource();
    await convoy.add([needOf(resource, 1)]);
    await convoy.copying(0);
    for (const [index, priority] of [[1, 5], [2, 1]] as const) {
      await convoy.add([needOf(resource, 1)], { raw: { priority } });
      await convoy.queued(index);
    }
    convoy.letGo(0);
    await convoy.copying(2);
    expect((await progressOf(convoy.handle(1))).phase).toBe('queued');
    for (const index of [1, 2]) convoy.letGo(index);
    for (const index of [1, 2]) await convoy.expect(index, 'migrated');
  }),

  'two ledgers, asked for in opposite directions: nobody waits for ever': (bench) => withConvoy(bench, async (convoy) => {
    const [a, b] = [newResource(), newResource()];
    for (let index = 0; index < 6; index += 1) await convoy.add(index % 2 === 0 ? [needOf(a, 1), needOf(b, 1)] : [needOf(b, 1), needOf(a, 1)], { pauseAt: () => Promise.resolve() });
    for (let index = 0; index < 6; index += 1) await convoy.expect(index, 'migrated');
    for (const resource of [a, b]) await eventually(() => isUnused(bench, resource));
  }),

  'rolled back, refused: the slots are free afterwards': (bench) => withConvoy(bench, async (convoy) => {
    const resource = newResource();
    await convoy.add([needOf(resource, 1)], { pauseAt: () => Promise.resolve(), faults: [{ activity: 'source.syncDisks', when: 'after' }] });
    await convoy.add([needOf(resource, 1)], { pauseAt: () => Promise.resolve(), faults: [{ activity: 'target.reserveTarget', when: 'before' }] });
    const pauseAt = (): Promise<void> => Promise.resolve();
    const locked = { epoch: 'other', workflowId: 'migrate-guest-other' };
    await convoy.add([needOf(resource, 1)], { pauseAt }, ({ world }) => Object.assign(world, { lock: locked }));
    await convoy.add([needOf(resource, 1)], { pauseAt, seesLock: true }, ({ world }) => Object.assign(world, { lock: locked }));
    for (const index of [0, 1]) await convoy.expect(index, 'rolled-back');
    for (const index of [2, 3]) expect((await endingOf(convoy.handle(index))).report?.outcome).toBe('refused');
    await eventually(() => isUnused(bench, resource));
    expect(await viewOf(bench, resource)).toMatchObject({ holders: [], waiters: [] });
  }),

  'a ledger that does not answer is noted and done without': (bench) => withConvoy(bench, async (convoy) => {
    const resource = newResource();
    await convoy.add([needOf(resource, 1)], { requestSlots: () => Promise.resolve([]), timings: { slotAnswerMs: 200 } });
    await convoy.copying(0);
    convoy.letGo(0);
    const { report } = await endingOf(convoy.handle(0));
    expect(report).toMatchObject({ outcome: 'migrated', incidents: [`the ledger of ${resource} (workflow slots) does not answer (it keeps silent): it went on without a slot there`] });
  }),

  'with free slots there is no more activity than without, and nothing waits': (bench) => withConvoy(bench, async (convoy) => {
    const [a, b] = [newResource(), newResource()];
    await convoy.add([needOf(a), needOf(b)], { pauseAt: () => Promise.resolve() });
    await convoy.expect(0, 'migrated');
    const { events } = await convoy.handle(0).fetchHistory();
    const names = events?.flatMap(({ activityTaskScheduledEventAttributes: scheduled }) => scheduled?.activityType?.name ?? []) ?? [];
    expect([...names.slice(0, 2)].sort()).toEqual(['inspectSource', 'inspectTarget']);
    expect(names).not.toContain('requestSlots');
    const timers = events?.filter(({ timerStartedEventAttributes }) => timerStartedEventAttributes !== undefined && timerStartedEventAttributes !== null) ?? [];
    expect(timers.length).toBeLessThanOrEqual(1);
    // The answers come with the opened request, and what is given back goes out of a local activity: no message wakes the workflow.
    expect(events?.filter(({ workflowExecutionSignaledEventAttributes: signal, externalWorkflowExecutionSignaledEventAttributes: delivered }) => Boolean(signal) || Boolean(delivered))).toEqual([]);
    for (const resource of [a, b]) await eventually(async () => (await viewOf(bench, resource)).holders.length === 0);
    // One message to both ledgers, with the answers as its result; one brings back what was given.
    await eventually(async () => (await messagesOf(bench, convoy.handle(0).workflowId)).asked > 0);
    expect(await messagesOf(bench, convoy.handle(0).workflowId)).toEqual({ asked: 1, told: 0 });
  }),

  'a ledger that can\'t answer at once is asked by signal, and answers so': (bench) => withConvoy(bench, async (convoy) => {
    const resource = newResource();
    await convoy.add([needOf(resource)], { pauseAt: () => Promise.resolve(), requestSlots: createRequestSlots(bench.env.client.workflow, 0) });
    await convoy.expect(0, 'migrated');
    const { events } = await convoy.handle(0).fetchHistory();
    expect(events?.filter(({ workflowExecutionSignaledEventAttributes: signal }) => signal?.signalName === 'slotAnswer')).toHaveLength(1);
    await eventually(async () => (await viewOf(bench, resource)).holders.length === 0);
  }),

  'who still cleans up after a while gives its slots back before': (bench) => withConvoy(bench, async (convoy) => {
    const resource = newResource();
    const gate = gateAt('source.cleanupSource', { firstOnly: true });
    await convoy.add([needOf(resource, 1)], { pauseAt: gate.pauseAt, timings: { slotReleaseMs: 200 } });
    await gate.reached;
    await eventually(async () => (await viewOf(bench, resource)).holders.length === 0);
    gate.open();
    await convoy.expect(0, 'migrated');
  }),
};

/** What the ledgers got from a migration by Update, and told it by signal, in all their runs. */
async function messagesOf({ env: { client: { workflow } } }: Bench, workflowId: string): Promise<{ asked: number; told: number }> {
  const count = { asked: 0, told: 0 };
  for await (const { runId } of workflow.list({ query: `WorkflowId = '${SLOT_LEDGERS_ID}'` })) {
    const { events } = await workflow.getHandle(SLOT_LEDGERS_ID, runId).fetchHistory();
    for (const { workflowExecutionUpdateAcceptedEventAttributes: asked, signalExternalWorkflowExecutionInitiatedEventAttributes: told } of events ?? []) {
      const [request] = asked?.acceptedRequest?.input?.args?.payloads ?? [];
      if (request?.data && Buffer.from(request.data).toString().includes(`"workflowId":"${workflowId}"`)) count.asked += 1;
      if (told?.workflowExecution?.workflowId === workflowId) count.told += 1;
    }
  }
  return count;
}

describeCases('slots', cases, 3);
