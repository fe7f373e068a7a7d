import { ATTRIBUTES } from '../../workflows/attributes.js';
import { Bench } from '../fakes/bench.js';
import { gateAt } from '../fakes/gate.js';
import { SHORT, Scenario, eventually, progressOf } from '../fakes/scenario.js';
import { expectSound } from '../fakes/table.js';
import type { Fault } from '../fakes/faults.js';

jest.setTimeout(60_000);

describe('waiting', () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await Bench.start();
  });
  afterAll(() => bench?.stop());

  it('for a node whose word decides: the operator is called and told why, and its return ends a pause however long it is', async () => {
    const scenario = new Scenario(bench, {
      switchFault: 'handover-lost', timings: { ...SHORT, persistInitialMs: 45_000 }, manualReturn: true,
      faults: [{ activity: 'source.switchover', when: 'away' }],
    });
    const ending = await scenario.play(async (handle) => {
      await eventually(async () => (await progressOf(handle)).phase === 'needsOperator');
      expect((await handle.describe()).typedSearchAttributes.get(ATTRIBUTES.needsOperator)).toBe(true);
      expect((await progressOf(handle)).waitingFor).toContain(`${scenario.source} does not answer: `);
      await scenario.comeBack();
    });
    expectSound(scenario, ending, 'migrated');
    expect(ending.report?.totalMs).toBeLessThan(20_000);
    expect(ending.report?.phases.map(({ phase }) => phase)).toEqual(expect.arrayContaining(['deciding', 'needsOperator']) as string[]);
    expect((await ending.handle.describe()).typedSearchAttributes.get(ATTRIBUTES.needsOperator)).toBe(false);
  });

  const stale: Fault = { activity: 'target.verifyRunning', when: 'before', code: 'StaleEpoch' };
  it.each([
    ['its user shut it down', [], 'start it there'],
    ['the target refuses the epoch as stale', [stale], 'nothing is freed'],
  ] as const)('for a committed guest that does not run (%s): nothing of the source is freed before it runs', async (_why, faults, advice) => {
    const gate = gateAt('source.switchover');
    const scenario = new Scenario(bench, { pauseAt: gate.pauseAt, faults: [...faults], timings: { ...SHORT, persistInitialMs: 1000 } });
    const ending = await scenario.play(async (handle) => {
      await gate.reached;
      scenario.world.set('target', { qemu: 'stopped' });
      gate.open();
      await eventually(async () => (await progressOf(handle)).waitingFor?.includes(advice) === true);
      await eventually(async () => (await progressOf(handle)).phase === 'needsOperator');
      expect(scenario.world.calls).not.toContain('source.cleanupSource');
      scenario.world.set('target', { qemu: 'running' });
    });
    expectSound(scenario, ending, 'migrated');
  });

  it('is not needed when a stale epoch is one whose guest runs on the target', async () => {
    const scenario = new Scenario(bench, { faults: [stale] });
    const ending = await scenario.play();
    expectSound(scenario, ending, 'migrated');
    expect(ending.report?.incidents).toEqual([]);
  });

  it('for a guest that never calms down ends before the history is full', async () => {
    const scenario = new Scenario(bench, { switchAtVisit: Infinity, timings: { ...SHORT, maximumHistoryEvents: 60 } });
    const ending = await scenario.play();
    expectSound(scenario, ending, 'rolled-back');
    expect(ending.failureType).toBe('NotConverging');
    expect(ending.report?.incidents).toEqual([]);
  });
});
