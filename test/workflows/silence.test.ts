import { Bench } from '../fakes/bench.js';
import { gateAt } from '../fakes/gate.js';
import { SHORT, Scenario, eventually, progressOf } from '../fakes/scenario.js';
import { expectSound } from '../fakes/table.js';

jest.setTimeout(60_000);

describe('a node that does not answer', () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await Bench.start();
  });
  afterAll(() => bench?.stop());

  it.each(['source.precopy', 'target.armTarget', 'source.switchover', 'target.verifyRunning'])('%s loses its heartbeats: told while it lasts, and in the report', async (activity) => {
    const scenario = new Scenario(bench, { timings: { ...SHORT, observerRetryMs: 1500 }, faults: [{ activity, when: 'mute' }] });
    const step = activity.split('.')[1] as string;
    const node = activity.startsWith('source') ? scenario.source : scenario.target;
    const ending = await scenario.play(async (handle) => {
      await eventually(async () => (await progressOf(handle)).waitingFor?.startsWith(`${node} to answer ${step}: it has been silent since `) === true);
    });
    expectSound(scenario, ending, 'migrated');
    expect(ending.report?.incidents).toEqual([expect.stringMatching(new RegExp(`^${node} was silent for \\d+ s \\(${step}\\)$`))]);
  });

  it('nobody takes the task: told long before the node is given up, and it goes on when the agent is back', async () => {
    const scenario = new Scenario(bench, {
      timings: { ...SHORT, untakenNoticeMs: 500, scheduleToStartMs: 20_000 }, manualReturn: true, faults: [{ activity: 'source.precopy', when: 'away', visit: 2, code: 'NodeUnreachable' }],
    });
    const ending = await scenario.play(async (handle) => {
      await eventually(async () => (await progressOf(handle)).waitingFor?.includes('nobody takes the task') === true);
      await scenario.comeBack();
    });
    expectSound(scenario, ending, 'migrated');
    expect(ending.report?.incidents).toEqual([expect.stringContaining(`${scenario.source} was silent for`)]);
  });

  it('a new bandwidth reaches disks that are being copied, and the report', async () => {
    const gate = gateAt('source.syncDisks');
    const scenario = new Scenario(bench, { pauseAt: gate.pauseAt });
    const ending = await scenario.play(async (handle) => {
      await gate.reached;
      await handle.executeUpdate('setBandwidth', { args: [{ bwlimitKiBps: 1024 }] });
      await eventually(() => Promise.resolve(scenario.fakes.decisions.includes(`disks ${1024 * 1024}`)));
      gate.open();
    });
    expectSound(scenario, ending, 'migrated');
    expect(scenario.fakes.decisions).not.toContain('set-bandwidth');
    expect(ending.report?.incidents).toEqual(['the operator set the bandwidth to 1024 KiB/s']);
  });
});
