import { Bench } from '../fakes/bench.js';
import { isUnused, needOf, newResource } from '../fakes/convoy.js';
import { gateAt } from '../fakes/gate.js';
import { resetTo } from '../fakes/reset.js';
import { Scenario, endingOf, eventually } from '../fakes/scenario.js';
import { expectSound } from '../fakes/table.js';

jest.setTimeout(60_000);

const TABLE = [
  ['to its beginning, in mid pre-copy: everything is undone', 'first', 'source.precopy', 'rolled-back'],
  ['to its beginning, after the commit: it goes forward', 'first', 'target.verifyRunning', 'migrated'],
  ['to its last task, after it was terminated in mid pre-copy: it goes on where it was', 'last', 'source.precopy', 'migrated'],
  ['to its last task, after it was terminated behind the commit: it goes forward', 'last', 'source.cleanupSource', 'migrated'],
] as const;

describe('a workflow that is reset', () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await Bench.start();
  });
  afterAll(() => bench?.stop());

  it.each(TABLE)('%s', async (_title, task, activity, outcome) => {
    const gate = gateAt(activity);
    const resource = newResource();
    const scenario = new Scenario(bench, { pauseAt: gate.pauseAt, seesLock: true, slots: [needOf(resource)] });
    const lost = await scenario.start();
    try {
      await gate.reached;
      if (task === 'last') await lost.terminate('by mistake');
      const again = await resetTo(task, bench, lost);
      gate.open();
      const ending = await endingOf(again);
      expectSound(scenario, ending, outcome);
      const said = [ending.message, ...(ending.report?.incidents ?? [])].join('\n');
      expect(said.includes('the workflow was reset in the middle of the migration')).toBe(task === 'first');
      // Its slots came back, whichever run had asked for them.
      await eventually(() => isUnused(bench, resource));
    } finally {
      await scenario.stop();
    }
  });
});
