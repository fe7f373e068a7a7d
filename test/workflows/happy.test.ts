import { registerSearchAttributes } from '../../workers/search-attributes.js';
import { ATTRIBUTES } from '../../workflows/attributes.js';
import { Bench } from '../fakes/bench.js';
import { Scenario } from '../fakes/scenario.js';

jest.setTimeout(60_000);

describe('a migration on which nothing goes wrong', () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await Bench.start();
  });
  afterAll(() => bench?.stop());

  it('registers its search attributes once', async () => {
    expect(await registerSearchAttributes(bench.env.nativeConnection, 'default')).toEqual([]);
  });

  it('ends with the guest on the target, one copy, nothing left, and a complete report', async () => {
    const scenario = new Scenario(bench);
    const { status, report, handle } = await scenario.play();
    expect({ status, violations: scenario.world.violations, leftovers: scenario.world.leftovers() }).toEqual({ status: 'completed', violations: [], leftovers: [] });
    expect(scenario.world.configOn).toBe('target');
    expect(report).toMatchObject({ outcome: 'migrated', vmid: scenario.vmid, source: scenario.source, target: scenario.target, incidents: [] });
    expect(report?.phases.map(({ phase }) => phase)).toEqual(['validating', 'reserving', 'diskSync', 'precopy', 'switchover', 'verifying', 'cleanup']);
    expect(report?.rounds).toHaveLength(3);
    expect(report?.qemuDowntimeMs).toBe(40);
    const { typedSearchAttributes } = await handle.describe();
    const { guestId, sourceNode, targetNode, phase, needsOperator } = ATTRIBUTES;
    expect([guestId, sourceNode, targetNode, phase].map((key) => typedSearchAttributes.get(key)))
      .toEqual([String(scenario.vmid), scenario.source, scenario.target, 'completed']);
    expect(typedSearchAttributes.get(needsOperator)).toBe(false);
  });

  it('does not ask again for a result that the last visit has brought', async () => {
    const scenario = new Scenario(bench, { bringsResult: true });
    const { status, report } = await scenario.play();
    expect({ status, violations: scenario.world.violations, leftovers: scenario.world.leftovers() }).toEqual({ status: 'completed', violations: [], leftovers: [] });
    expect(scenario.world.calls).not.toContain('source.switchover');
    expect(report).toMatchObject({ outcome: 'migrated', qemuDowntimeMs: 40 });
    expect(report?.phases.map(({ phase }) => phase)).toContain('switchover');
  });

  it.each([
    ['running', 'is taken at its word', []],
    ['paused', 'is asked', ['target.verifyRunning']],
    [undefined, 'is asked', ['target.verifyRunning']],
  ] as const)('a target that says %s of the guest in its answer %s, and nothing is freed before', async (targetState, _then, asked) => {
    const scenario = new Scenario(bench, targetState === undefined ? {} : { targetState });
    const { status } = await scenario.play();
    expect({ status, violations: scenario.world.violations, leftovers: scenario.world.leftovers() }).toEqual({ status: 'completed', violations: [], leftovers: [] });
    const calls = scenario.world.calls;
    expect(calls.filter((call) => call === 'target.verifyRunning')).toEqual(asked);
    expect(calls.slice(calls.indexOf('source.switchover'))).toEqual(['source.switchover', ...asked, ...calls.filter((call) => /cleanup|endEpoch/.test(call))]);
  });
});
