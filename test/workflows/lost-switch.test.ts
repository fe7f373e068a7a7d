import { Bench } from '../fakes/bench.js';
import { SHORT, Scenario, eventually, progressOf } from '../fakes/scenario.js';
import { expectSound } from '../fakes/table.js';

jest.setTimeout(60_000);

describe('a switch whose answer never comes', () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await Bench.start();
  });
  afterAll(() => bench?.stop());

  it('the target dies between `completed` and COMMITTED: its failure ends the wait at once, and the guest runs again on the source', async () => {
    const scenario = new Scenario(bench, { switchFault: 'target-died', holdAt: 'source.switchover' });
    const ending = await scenario.play();
    expectSound(scenario, ending, 'rolled-back');
    expect(ending.report?.totalMs).toBeLessThan(5000);
  });

  it('the target goes away: nobody waits for it, the guest runs again on the source', async () => {
    const scenario = new Scenario(bench, { switchFault: 'handover-lost', holdAt: 'source.switchover', timings: SHORT, manualReturn: true });
    const ending = await scenario.play(async (handle) => {
      await scenario.held;
      await scenario.goAway('target');
      await eventually(() => Promise.resolve(scenario.world.calls.includes('source.rollbackSource')));
      await eventually(async () => (await progressOf(handle)).waitingFor !== null);
      await scenario.comeBack();
    });
    expectSound(scenario, ending, 'rolled-back');
    expect(ending.report?.totalMs).toBeLessThan(15_000);
  });

  it('both nodes are there but the channel is dead: the wait is over soon, and the target is told to commit', async () => {
    const scenario = new Scenario(bench, { switchFault: 'handover-lost', holdAt: 'source.switchover', timings: { ...SHORT, switchoverMs: 1000 } });
    const ending = await scenario.play();
    expectSound(scenario, ending, 'migrated');
    expect(ending.report?.totalMs).toBeLessThan(5000);
  });
});
