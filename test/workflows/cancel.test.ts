import { awaitEnding } from '../../client/api/outcome.js';
import { outcomeSentence } from '../../domain/report/outcome.js';
import { Bench } from '../fakes/bench.js';
import { gateAt } from '../fakes/gate.js';
import { Scenario, eventually, progressOf } from '../fakes/scenario.js';
import { expectSound, type Row } from '../fakes/table.js';

jest.setTimeout(60_000);

const table: readonly (readonly [string, Row['outcome']])[] = [
  ['source.inspectSource', 'cancelled'],
  ['source.prepareSource', 'cancelled'],
  ['target.reserveTarget', 'cancelled'],
  ['source.syncDisks', 'cancelled'],
  ['source.precopy', 'cancelled'],
];

describe('cancelling a migration', () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await Bench.start();
  });
  afterAll(() => bench?.stop());

  it.each(table)('during %s: everything is undone and the workflow ends as %s', async (activity, outcome) => {
    const scenario = new Scenario(bench, { holdAt: activity });
    const ending = await scenario.play(async (handle) => {
      await scenario.held;
      await handle.cancel();
    });
    expectSound(scenario, ending, outcome);
  });

  it('between two rounds of memory: everything is undone', async () => {
    const scenario = new Scenario(bench, { switchAtVisit: Infinity });
    const ending = await scenario.play(async (handle) => {
      await eventually(async () => ((await progressOf(handle)).lastSample?.visit ?? 0) >= 2);
      await handle.cancel();
    });
    expectSound(scenario, ending, 'cancelled');
    expect(ending.report?.incidents).toEqual([]);
  });

  it('leaves its report where no worker is needed to read it', async () => {
    const scenario = new Scenario(bench, { holdAt: 'source.precopy' });
    const { handle } = await scenario.play(async (running) => {
      await scenario.held;
      await running.cancel();
    });
    expect((await handle.describe()).memo?.['report']).toMatchObject({ outcome: 'cancelled', reason: 'cancelled in phase precopy' });
    expect(await awaitEnding(handle)).toMatchObject({ kind: 'report', report: { outcome: 'cancelled' } });
  });

  it('says so when the guest does not run any more', async () => {
    const scenario = new Scenario(bench, { holdAt: 'source.precopy', afterRollback: 'stopped' });
    const { report } = await scenario.play(async (running) => {
      await scenario.held;
      await running.cancel();
    });
    const sentence = `the guest belongs to ${scenario.source} but does not run: its QEMU has ended, start it there`;
    expect(report?.reason).toContain(sentence);
    expect(report?.incidents).toEqual([sentence]);
    expect(report && outcomeSentence(report)).toContain(sentence);
  });

  it.each(['source.switchover', 'target.verifyRunning', 'source.cleanupSource', 'target.cleanupTarget'])(
    'during %s is too late: it goes forward and succeeds', async (activity) => {
      const gate = gateAt(activity);
      const scenario = new Scenario(bench, { pauseAt: gate.pauseAt });
      const ending = await scenario.play(async (handle) => {
        await gate.reached;
        await handle.cancel();
        gate.open();
      });
      expectSound(scenario, ending, 'migrated');
    },
  );
});
