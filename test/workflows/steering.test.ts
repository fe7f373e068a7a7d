import { WorkflowUpdateFailedError } from '@temporalio/client';
import type { Verdict } from '../../domain/contracts/plan.js';
import { ATTRIBUTES } from '../../workflows/attributes.js';
import { Bench } from '../fakes/bench.js';
import { gateAt } from '../fakes/gate.js';
import { SHORT, Scenario, endingOf, eventually, progressOf } from '../fakes/scenario.js';
import { expectSound } from '../fakes/table.js';

jest.setTimeout(60_000);

describe('what an operator sees and changes', () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await Bench.start();
  });
  afterAll(() => bench?.stop());

  it('a new bandwidth reaches the driver with the next round, a new downtime budget the policy; both are in the report', async () => {
    const gate = gateAt('source.precopy');
    const scenario = new Scenario(bench, { pauseAt: gate.pauseAt });
    const ending = await scenario.play(async (handle) => {
      await gate.reached;
      await handle.executeUpdate('setBandwidth', { args: [{ bwlimitKiBps: 1024 }] });
      await handle.executeUpdate('setDowntimeBudget', { args: [{ downtimeMs: 500 }] });
      gate.open();
    });
    expectSound(scenario, ending, 'migrated');
    expect(scenario.fakes.decisions).toContain('set-bandwidth');
    expect(ending.report?.rounds[0]?.step).toMatchObject({ action: 'set-bandwidth', bandwidthBytesPerSecond: 1024 * 1024 });
    expect(ending.report?.incidents).toEqual([
      'the operator set the bandwidth to 1024 KiB/s', 'the operator changed the downtime budget from 300 ms to 500 ms',
    ]);
  });

  it.each([
    ['setBandwidth', { bwlimitKiBps: -1 }], ['setBandwidth', {}], ['setDowntimeBudget', { downtimeMs: 0 }], ['setDowntimeBudget', { downtimeMs: 'long' }],
  ])('%s %p is refused with a sentence and leaves no trace', async (update, input) => {
    const gate = gateAt('source.syncDisks');
    const scenario = new Scenario(bench, { pauseAt: gate.pauseAt });
    const ending = await scenario.play(async (handle) => {
      await gate.reached;
      await expect(handle.executeUpdate(update, { args: [input] })).rejects.toThrow(WorkflowUpdateFailedError);
      gate.open();
    });
    expectSound(scenario, ending, 'migrated');
    expect(ending.report?.incidents).toEqual([]);
  });

  it('a message that makes no sense changes nothing, and stops nothing', async () => {
    const gate = gateAt('source.syncDisks');
    const scenario = new Scenario(bench, { pauseAt: gate.pauseAt });
    const ending = await scenario.play(async (handle) => {
      await gate.reached;
      for (const garbage of [undefined, null, 'fast', { bwlimitKiBps: -1 }, { resource: 'pve1' }]) {
        for (const signal of ['bandwidth', 'slotAnswer', 'noSuchSignal']) await handle.signal(signal, garbage);
        for (const update of ['setBandwidth', 'setDowntimeBudget', 'confirmFenced', 'retryNow', 'giveUp']) await expect(handle.executeUpdate(update, { args: [garbage] })).rejects.toThrow(WorkflowUpdateFailedError);
      }
      gate.open();
    });
    expectSound(scenario, ending, 'migrated');
    expect(ending.report?.incidents).toEqual([]);
  });

  it('after the switch it is too late for changes', async () => {
    const gate = gateAt('source.cleanupSource');
    const scenario = new Scenario(bench, { pauseAt: gate.pauseAt });
    await scenario.play(async (handle) => {
      await gate.reached;
      await expect(handle.executeUpdate('setBandwidth', { args: [{ bwlimitKiBps: 1 }] })).rejects.toThrow(WorkflowUpdateFailedError);
      gate.open();
    });
  });

  it('an undo that has to wait for a node is visible, calls for an operator, and is done when the node is back', async () => {
    const scenario = new Scenario(bench, {
      timings: SHORT, manualReturn: true,
      faults: [{ activity: 'source.syncDisks', when: 'before' }, { activity: 'target.releaseReservation', when: 'away' }],
    });
    const ending = await scenario.play(async (handle) => {
      await eventually(async () => (await handle.describe()).typedSearchAttributes.get(ATTRIBUTES.needsOperator) === true);
      expect(await progressOf(handle)).toMatchObject({
        phase: 'needsOperator', waitingFor: expect.stringContaining(`release the reservation on ${scenario.target}`) as string,
      });
      await scenario.comeBack();
    });
    expectSound(scenario, ending, 'rolled-back');
    expect(ending.message).toBe('source.syncDisks failed: injected before');
    expect(ending.report?.incidents).toEqual([expect.stringMatching(/^waited \d+ s: release the reservation/)]);
    expect((await ending.handle.describe()).typedSearchAttributes.get(ATTRIBUTES.needsOperator)).toBe(false);
  });

  it('a guest that is being migrated already is refused, naming the other workflow, and the first goes on undisturbed', async () => {
    const gate = gateAt('source.precopy');
    const scenario = new Scenario(bench, { pauseAt: gate.pauseAt });
    const first = await scenario.play(async (handle) => {
      await gate.reached;
      const second = await endingOf(await scenario.startWorkflow());
      expect(second).toMatchObject({ status: 'failed', failureType: 'GuestLocked', report: { outcome: 'refused' } });
      expect(second.message).toContain(handle.workflowId);
      gate.open();
    });
    expectSound(scenario, first, 'migrated');
  });

  it('bad input fails at once with its sentence', async () => {
    const scenario = new Scenario(bench, { faults: [{ activity: 'cluster.openRequest', when: 'before', code: 'InvalidInput' }] });
    const ending = await scenario.play();
    expect(ending).toMatchObject({ status: 'failed', failureType: 'InvalidInput', message: 'cluster.openRequest failed: injected before' });
    expect(scenario.world.calls).toEqual(['cluster.openRequest']);
  });

  it('refusals end the workflow as PrerequisitesNotMet with every sentence, and nothing was touched', async () => {
    const scenario = new Scenario(bench, { faults: [{ activity: 'target.inspectTarget', when: 'before' }] });
    const ending = await scenario.play();
    expectSound(scenario, ending, 'refused');
    expect(ending.failureType).toBe('PrerequisitesNotMet');
    for (const { sentence } of ending.report?.refusals ?? []) expect(ending.message).toContain(sentence);
    expect([...scenario.world.calls].sort()).toEqual(['cluster.openRequest', 'source.inspectSource', 'target.inspectTarget']);
  });

  it('a check answers with the plan and touches nothing', async () => {
    const scenario = new Scenario(bench);
    const handle = await scenario.start('checkMigration');
    const verdict = (await handle.result()) as Verdict;
    await scenario.stop();
    expect(verdict).toMatchObject({ refusals: [], plan: { source: scenario.source, target: scenario.target } });
    expect([...scenario.world.calls].sort()).toEqual(['cluster.openRequest', 'source.inspectSource', 'target.inspectTarget']);
  });
});
