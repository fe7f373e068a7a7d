import { join } from 'node:path';
import { DefaultLogger, Worker } from '@temporalio/worker';
import { bundleWorkflows } from '../../workers/workflow-bundle.js';
import { Bench } from '../fakes/bench.js';
import { gateAt } from '../fakes/gate.js';
import { historyOf, writeGolden } from '../fakes/golden.js';
import { SLOT_LEDGERS_ID } from '../../domain/ids.js';
import { ledgersHaveEnded, needOf, newResource } from '../fakes/convoy.js';
import { SHORT, Scenario, eventually, type ScenarioOptions } from '../fakes/scenario.js';
import { expectSound, type Row } from '../fakes/table.js';

jest.setTimeout(60_000);

/** The paths of which a history is kept in test/histories: run with FERRY_RECORD_HISTORIES=1 after a change that is meant to break replay. */
const paths: readonly (readonly [name: string, outcome: Row['outcome'], options: ScenarioOptions])[] = [
  ['happy', 'migrated', {}],
  ['admitted', 'migrated', { slots: [needOf('golden')] }],
  ['cancelled-in-precopy', 'cancelled', { holdAt: 'source.precopy' }],
  ['rolled-back', 'rolled-back', { faults: [{ activity: 'source.syncDisks', when: 'after' }] }],
  ['target-away-then-rolled-back', 'rolled-back', {
    timings: SHORT, faults: [{ activity: 'source.syncDisks', when: 'before' }, { activity: 'target.releaseReservation', when: 'away' }],
  }],
  ['committed-then-repaired', 'migrated', { faults: [{ activity: 'source.precopy', when: 'after', visit: 3 }, { activity: 'target.verifyRunning', when: 'before' }] }],
  ['handover-lost-then-committed', 'migrated', { switchFault: 'handover-lost' }],
  ['target-died-then-rolled-back', 'rolled-back', { switchFault: 'target-died', holdAt: 'source.switchover' }],
];

describe('a history of each path', () => {
  let bench: Bench;
  let code: string;
  beforeAll(async () => {
    bench = await Bench.start();
    code = await bundleWorkflows(join(process.env['FERRY_HOME'] ?? '.', 'workflows/index.ts'), new DefaultLogger('ERROR'));
  });
  afterAll(() => bench?.stop());

  it.each(paths)('%s replays with the workflows as they are shipped', async (name, outcome, options) => {
    const scenario = new Scenario(bench, options);
    const ending = await scenario.play(async (handle) => {
      if (outcome !== 'cancelled') return;
      await scenario.held;
      await handle.cancel();
    });
    expectSound(scenario, ending, outcome);
    await Worker.runReplayHistory({ workflowBundle: { code } }, await historyOf(ending.handle));
    if (process.env['FERRY_RECORD_HISTORIES'] === '1') await writeGolden(name, ending.handle);
  });

  it('that of a request that took longer to open than a task may last replays the same', async () => {
    const gate = gateAt('cluster.openRequest', { firstOnly: true });
    const scenario = new Scenario(bench, { slots: [needOf(newResource())], pauseAt: gate.pauseAt, taskTimeout: '1s' });
    // A local activity that lasts keeps its task alive by another one: a replay sees only the last of them, and its time.
    const ending = await scenario.play(async (handle) => {
      await eventually(async () => ((await handle.fetchHistory()).events ?? []).some(({ workflowTaskCompletedEventAttributes: task }) => Boolean(task)));
      gate.open();
    });
    expectSound(scenario, ending, 'migrated');
    await Worker.runReplayHistory({ workflowBundle: { code } }, await historyOf(ending.handle));
  });

  it('that of the ledgers of slots replays as well', async () => {
    const resource = newResource();
    const scenario = new Scenario(bench, { slots: [needOf(resource)] });
    expectSound(scenario, await scenario.play(), 'migrated');
    await eventually(() => ledgersHaveEnded(bench));
    const ledger = bench.env.client.workflow.getHandle(SLOT_LEDGERS_ID);
    await Worker.runReplayHistory({ workflowBundle: { code } }, await historyOf(ledger));
    if (process.env['FERRY_RECORD_HISTORIES'] === '1') await writeGolden('ledgers-of-slots', ledger);
  });
});
