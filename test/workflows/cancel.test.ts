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
