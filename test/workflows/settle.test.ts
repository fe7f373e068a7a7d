import type { WorkflowHandle } from '@temporalio/client';
import { Bench } from '../fakes/bench.js';
import { gateAt } from '../fakes/gate.js';
import { Scenario, SHORT, endingOf, eventually, progressOf, type ScenarioOptions } from '../fakes/scenario.js';
import { resetTo } from '../fakes/reset.js';
import { expectSettled } from '../fakes/table.js';

jest.setTimeout(60_000);

/** The activity at whose door the run is terminated: what comes before it is done. */
const TABLE: readonly (readonly [string, string, 'rolled-back' | 'migrated', ScenarioOptions])[] = [
  ['with the lock taken and nothing made', 'source.prepareSource', 'rolled-back', {}],
  ['while both nodes get ready', 'target.reserveTarget', 'rolled-back', {}],
  ['while disks are copied', 'source.syncDisks', 'rolled-back', {}],
  ['in mid pre-copy', 'source.precopy', 'rolled-back', {}],
  ['behind the commit', 'target.verifyRunning', 'migrated', {}],
  ['while the source is cleaned up', 'source.cleanupSource', 'migrated', {}],
  ['with everything done but the lock', 'cluster.endEpoch', 'migrated', {}],
  ['in the middle of its own roll-back', 'source.rollbackSource', 'rolled-back', { faults: [{ activity: 'source.syncDisks', when: 'before' }] }],
  ['with a handed-over guest that nobody committed', 'source.switchover', 'migrated', { switchFault: 'handover-lost' }],
  ['when the target\'s copy was lost in the switch', 'source.switchover', 'rolled-back', { switchFault: 'target-copy-lost' }],
];

describe('a migration whose workflow was terminated', () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await Bench.start();
  });
  afterAll(() => bench?.stop());

  /** Starts a migration and terminates it at the door of `activity`; the attempt under way stays there until `stop`. */
  async function terminated(activity: string, options: ScenarioOptions = {}): Promise<{ scenario: Scenario; lost: WorkflowHandle; epoch: string; stop: () => Promise<void> }> {
    const gate = gateAt(activity, { firstOnly: true });
    const scenario = new Scenario(bench, { ...options, pauseAt: gate.pauseAt });
    const lost = await scenario.start();
    await gate.reached;
    const { runId } = await lost.describe();
    await lost.terminate('by hand');
    const stop = (): Promise<void> => {
      gate.open();
      return scenario.stop();
    };
    return { scenario, lost, epoch: runId, stop };
  }

  it.each(TABLE)('%s is ended by its settlement: %s → %s', async (_title, activity, outcome, options) => {
    const { scenario, lost, epoch, stop } = await terminated(activity, options);
    try {
      const ending = await endingOf(await scenario.settle(epoch));
      expectSettled(scenario, ending, outcome);
      expect(ending.report).toMatchObject({ epoch, source: scenario.source, target: scenario.target });
      expect(ending.report?.incidents[0]).toBe(`every run of ${lost.workflowId} that belongs to epoch ${epoch} is closed`);
    } finally {
      await stop();
    }
  });

  it('is settled once, whoever asks; asked again, nothing is left and nothing is said', async () => {
    const { scenario, epoch, stop } = await terminated('source.precopy');
    try {
      const [first, second] = await Promise.all([scenario.settle(epoch), scenario.settle(epoch)]);
      expect(first.workflowId).toBe(second.workflowId);
      expectSettled(scenario, await endingOf(first), 'rolled-back');
      expect(scenario.world.calls.filter((call) => call === 'source.rollbackSource')).toHaveLength(1);
      // The server does not start the same id twice within a second.
      let again: WorkflowHandle | null = null;
      await eventually(async () => (again = await scenario.settle(epoch).catch(() => null)) !== null);
      expect(await (again as WorkflowHandle | null)?.result()).toBeNull();
    } finally {
      await stop();
    }
  });

  it('is found by asking every member when nobody says which nodes took part', async () => {
    const { scenario, epoch, stop } = await terminated('source.precopy');
    try {
      expectSettled(scenario, await endingOf(await scenario.settle(epoch, [])), 'rolled-back');
    } finally {
      await stop();
    }
  });

  it('waits, visibly, for a node that is away', async () => {
    const { scenario, epoch, stop } = await terminated('source.precopy', { timings: SHORT });
    try {
      await scenario.goAway('target');
      const settlement = await scenario.settle(epoch);
      await eventually(async () => /release the reservation/.test((await progressOf(settlement)).waitingFor ?? ''));
      expect(scenario.world.source.qemu).toBe('running');
      await scenario.comeBack();
      expectSettled(scenario, await endingOf(settlement), 'rolled-back');
    } finally {
      await stop();
    }
  });
});

describe('a settlement of a migration that still runs', () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await Bench.start();
  });
  afterAll(() => bench?.stop());

  it.each([['its first run', false], ['a run it was reset to', true]] as const)('is refused: %s', async (_title, reset) => {
    const gate = gateAt('source.precopy');
    const scenario = new Scenario(bench, { pauseAt: gate.pauseAt });
    const first = await scenario.start();
    try {
      await gate.reached;
      const { runId: epoch } = await first.describe();
      if (reset) await first.terminate('by mistake');
      const running = reset ? await resetTo('last', bench, first) : first;
      const refused = await endingOf(await scenario.settle(epoch));
      expect(refused).toMatchObject({ status: 'failed', failureType: 'InvalidInput', message: expect.stringContaining(`its migration ${first.workflowId} still runs`) as string });
      gate.open();
      expect((await endingOf(running)).report?.outcome).toBe('migrated');
    } finally {
      gate.open();
      await scenario.stop();
    }
  });
});
