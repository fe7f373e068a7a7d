import { WorkflowUpdateFailedError, type WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { FenceResult } from '../../domain/contracts/fencing.js';
import { cleanUpWorkflowId } from '../../domain/ids.js';
import { ATTRIBUTES } from '../../workflows/attributes.js';
import type { Bench } from '../fakes/bench.js';
import { gateAt } from '../fakes/gate.js';
import { SHORT, Scenario, eventually, progressOf, type Ending, type ScenarioOptions } from '../fakes/scenario.js';
import { describeCases, expectSound } from '../fakes/table.js';

jest.setTimeout(60_000);

/** The sentence of the refusal; `taken: …` when it was none. */
async function said(handle: WorkflowHandle, update: 'confirmFenced' | 'retryNow' | 'giveUp', input: object = {}): Promise<string> {
  try {
    return `taken: ${await handle.executeUpdate<string, [object]>(update, { args: [{ by: 'anna', ...input }] })}`;
  } catch (error) {
    if (!(error instanceof WorkflowUpdateFailedError)) throw error;
    return error.cause?.message ?? '';
  }
}

const waitsFor = (handle: WorkflowHandle, text: string): Promise<void> =>
  eventually(async () => (await progressOf(handle)).waitingFor?.includes(text) === true);

/** The node that was left comes back: the workflow that waits for it cleans up, and nothing is left then. */
async function comesBack(bench: Bench, scenario: Scenario, { report }: Ending): Promise<void> {
  await scenario.comeBack();
  await bench.env.client.workflow.getHandle(cleanUpWorkflowId(scenario.vmid, report?.epoch ?? '')).result();
  expect({ violations: scenario.world.violations, token: scenario.world.token, lock: scenario.world.lock }).toEqual({ violations: [], token: 'none', lock: null });
}

const sourceAway: ScenarioOptions = {
  switchFault: 'handover-lost', timings: { ...SHORT, persistInitialMs: 45_000 }, manualReturn: true, faults: [{ activity: 'source.switchover', when: 'away' }],
};

describeCases('an operator, asked by a migration that cannot go on by itself', {
  'the source is silent: he is told what to check; his word is refused while the node lives, taken when it is silent, and stands for HANDOVER': async (bench) => {
    const life = { signs: ['its sshd at 10.0.0.1 answered "SSH-2.0"'] };
    const scenario = new Scenario(bench, { ...sourceAway, signsOfLife: () => life.signs });
    const { source, target, vmid, world } = scenario;
    const ending = await scenario.playThen(async (handle) => {
      await waitsFor(handle, `make sure that it is switched off or has been rebooted since, then \`ferry resolve ${vmid} --confirm-fenced ${source}\``);
      expect(await said(handle, 'confirmFenced', { node: source })).toBe(`refused: migration of vm ${vmid}: ${source} is not fenced: its sshd at 10.0.0.1 answered "SSH-2.0". Switch it off, or bring its agent back: then nobody has to vouch for it`);
      expect(await said(handle, 'confirmFenced', { node: target })).toContain(`${target} is not in question`);
      expect(await said(handle, 'confirmFenced', { node: 'pve9' })).toContain('pve9 has no part in it');
      expect(await said(handle, 'confirmFenced')).toContain('node: the name of a node is needed');
      expect(await said(handle, 'giveUp')).toContain('could lose the only copy');
      expect({ token: world.token, runs: world.target.qemu }).toEqual({ token: 'undecided', runs: 'paused' });
      life.signs = [];
      expect(await said(handle, 'confirmFenced', { node: source })).toContain(`taken: ${source} counts as fenced`);
    }, async (end) => {
      expect(end.report).toMatchObject({ outcome: 'migrated' });
      const incidents = end.report?.incidents.join('\n');
      expect(incidents).toMatch(new RegExp(`anna confirmed at .*Z that ${source} is fenced: switched off, or rebooted since; asked before: its agent does not answer: .*; no sign of life, asked by ${target}; no sign of life, asked by the control worker`));
      expect(incidents).toContain(`clean up ${source}: skipped: ${source} was fenced`);
      expect({ token: world.token, runs: world.target.qemu, source: world.source.qemu, lock: world.lock }).toEqual({ token: 'committed', runs: 'running', source: 'postmigrate', lock: null });
      await comesBack(bench, scenario, end);
    });
    expectSound(scenario, ending, 'migrated');
    expect((await ending.handle.describe()).typedSearchAttributes.get(ATTRIBUTES.needsOperator)).toBe(false);
  },

  'a node whose agent answers is not fenced, however long it is waited for': async (bench) => {
    const disk = { full: true, tries: 0 };
    const scenario = new Scenario(bench, {
      timings: { ...SHORT, persistInitialMs: 45_000 }, faults: [{ activity: 'source.syncDisks', when: 'before' }],
      pauseAt: (call) => {
        if (call !== 'target.releaseReservation' || !disk.full) return Promise.resolve();
        disk.tries += 1;
        return Promise.reject(ApplicationFailure.nonRetryable('write failed', 'StorageUnavailable'));
      },
    });
    const ending = await scenario.play(async (handle) => {
      await waitsFor(handle, 'write failed');
      expect(await said(handle, 'confirmFenced', { node: scenario.target })).toContain(`${scenario.target} is not fenced: its agent answers, and the guest's QEMU there is inmigrate`);
      await eventually(() => Promise.resolve(disk.tries === 2));
      disk.full = false;
      expect(await said(handle, 'retryNow')).toContain('taken: ');
    });
    expectSound(scenario, ending, 'rolled-back');
    expect(ending.report?.incidents.join()).not.toContain('is fenced');
  },

  'a fence command stands for his word when it succeeds and the node stays silent': async (bench) => {
    const scenario = new Scenario(bench, { ...sourceAway, fence: { delayMs: 100, run: () => ({ done: true, sentence: '`off pve1` ended with exit code 0' }) } });
    const ending = await scenario.playThen(() => Promise.resolve(), async (end) => {
      expect(end.report?.incidents.join('\n')).toContain(`the fence command of ${scenario.source} stands for its HANDOVER: \`off pve1\` ended with exit code 0; asked afterwards: its agent does not answer`);
      await comesBack(bench, scenario, end);
    });
    expectSound(scenario, ending, 'migrated');
  },

  'a fence command that fails is recorded, and he is asked': (bench) =>
    fencingFails(bench, { done: false, sentence: '`off` ended with exit code 3: no route to the BMC' }, [], 'exit code 3: no route to the BMC'),

  'so is one that succeeds while the node lives': (bench) =>
    fencingFails(bench, { done: true, sentence: '`off` ended with exit code 0' }, ['its sshd answered'], 'exit code 0, but its sshd answered'),

  'a target that is fenced after the commit: nothing goes back, the old copy is ended, its disks are kept, the report says what to do': async (bench) => {
    const scenario = new Scenario(bench, { timings: { ...SHORT, persistInitialMs: 45_000 }, manualReturn: true, faults: [{ activity: 'target.verifyRunning', when: 'away' }] });
    const { target, world, vmid } = scenario;
    const kept: unknown[] = [];
    scenario.fakes.onCleanupSource = (keepDisks) => kept.push(keepDisks);
    const ending = await scenario.playThen(async (handle) => {
      await waitsFor(handle, `verify that vm ${vmid} runs on ${target}`);
      expect(await said(handle, 'giveUp')).toContain(`it is committed: the guest belongs to ${target}`);
      expect(await said(handle, 'confirmFenced', { node: target })).toContain('taken: ');
    }, async (end) => {
      expect(end).toMatchObject({ status: 'failed', failureType: 'GuestNotRunning', report: { outcome: 'migrated', guestTrouble: expect.stringContaining(`its config is on ${target}: start it there when ${target} is back`) as string } });
      expect({ token: world.token, source: world.source.qemu, lock: world.lock, kept }).toEqual({ token: 'committed', source: 'stopped', lock: null, kept: [true] });
      await comesBack(bench, scenario, end);
    });
    expect(world.calls).not.toContain('source.rollbackSource');
    expect((await ending.handle.describe()).typedSearchAttributes.get(ATTRIBUTES.needsOperator)).toBe(true);
  },

  'both nodes are fenced while everything is undone: it ends, the report says where the guest belongs, both clean up when they are back': async (bench) => {
    const scenario = new Scenario(bench, {
      timings: { ...SHORT, persistInitialMs: 45_000 }, manualReturn: true,
      faults: [{ activity: 'target.reserveTarget', when: 'after' }, { activity: 'source.rollbackSource', when: 'away' }, { activity: 'target.releaseReservation', when: 'away' }],
    });
    const { source, target, world } = scenario;
    const ending = await scenario.playThen(async (handle) => {
      await waitsFor(handle, `roll back ${source}`);
      expect(await said(handle, 'confirmFenced', { node: source })).toContain('taken: ');
      await waitsFor(handle, `release the reservation on ${target}`);
      expect(await said(handle, 'confirmFenced', { node: source })).toContain(`${source} was confirmed before`);
      expect(await said(handle, 'confirmFenced', { node: target })).toContain('taken: ');
    }, async (end) => {
      expect(end.report).toMatchObject({ outcome: 'rolled-back', guestTrouble: `the guest belongs to ${source}, which was fenced: start it there when it is back, or let HA bring it up elsewhere` });
      expect({ token: world.token, lock: world.lock }).toEqual({ token: 'aborted', lock: null });
      await comesBack(bench, scenario, end);
    });
    expectSound(scenario, ending, 'rolled-back');
  },

  'given up: what can be reached is undone, the silent node is recorded and cleans up when it is back': async (bench) => {
    const scenario = new Scenario(bench, {
      timings: { ...SHORT, persistInitialMs: 45_000 }, manualReturn: true,
      faults: [{ activity: 'source.syncDisks', when: 'before' }, { activity: 'target.releaseReservation', when: 'away' }],
    });
    const { target, world } = scenario;
    const ending = await scenario.playThen(async (handle) => {
      await waitsFor(handle, `release the reservation on ${target}`);
      expect(await said(handle, 'giveUp')).toBe('taken: it is given up: the token says aborted');
    }, async (end) => {
      expect(end.report).toMatchObject({ outcome: 'rolled-back' });
      const incidents = end.report?.incidents.join('\n');
      expect(incidents).toMatch(/anna gave it up at .*: the token says aborted/);
      expect(incidents).toContain(`release the reservation on ${target}: skipped: it was given up`);
      expect(incidents).toContain(`${target} still has to clean up: workflow clean-up-guest-`);
      expect({ source: world.source.qemu, token: world.token, lock: world.lock }).toEqual({ source: 'running', token: 'aborted', lock: null });
      await comesBack(bench, scenario, end);
    });
    expectSound(scenario, ending, 'rolled-back');
  },

  'given up while a target never manages to commit: the source, whose copy can go on, keeps the guest': async (bench) => {
    const scenario = new Scenario(bench, {
      switchFault: 'handover-lost', timings: { ...SHORT, persistInitialMs: 45_000 },
      pauseAt: (call) => (call === 'target.finishCommit' ? Promise.reject(ApplicationFailure.nonRetryable('move config failed', 'Internal')) : Promise.resolve()),
    });
    const ending = await scenario.play(async (handle) => {
      await waitsFor(handle, 'move config failed');
      expect(await said(handle, 'giveUp')).toContain('taken: ');
    });
    expectSound(scenario, ending, 'rolled-back');
  },

  'retryNow ends a pause at once': async (bench) => {
    const gate = gateAt('source.switchover');
    const scenario = new Scenario(bench, { pauseAt: gate.pauseAt, timings: { ...SHORT, persistInitialMs: 45_000 } });
    const ending = await scenario.play(async (handle) => {
      await gate.reached;
      for (const update of ['retryNow', 'giveUp'] as const) expect(await said(handle, update)).toContain('nothing is waited for');
      expect(await said(handle, 'confirmFenced', { node: scenario.source })).toContain('is not in question');
      scenario.world.set('target', { qemu: 'stopped' });
      gate.open();
      await waitsFor(handle, 'start it there');
      scenario.world.set('target', { qemu: 'running' });
      expect(await said(handle, 'retryNow', { by: 7 })).toContain('by: a name is needed');
      expect(await said(handle, 'retryNow')).toContain('taken: ');
    });
    expectSound(scenario, ending, 'migrated');
    expect(ending.report?.totalMs).toBeLessThan(20_000);
    expect(ending.report?.incidents.join('\n')).toMatch(/anna asked at .* to try again at once/);
  },
});

async function fencingFails(bench: Bench, result: FenceResult, signs: readonly string[], cause: string): Promise<void> {
  const scenario = new Scenario(bench, { ...sourceAway, timings: { ...sourceAway.timings, needsOperatorMs: 40_000 }, fence: { delayMs: 0, run: () => result }, signsOfLife: () => signs });
  const ending = await scenario.play(async (handle) => {
    await eventually(async () => (await progressOf(handle)).phase === 'needsOperator');
    expect((await progressOf(handle)).waitingFor).toContain(cause);
    await scenario.comeBack();
  });
  expectSound(scenario, ending, 'migrated');
  expect(ending.report?.incidents.join('\n')).toContain(`fencing ${scenario.source} failed: `);
  expect((await ending.handle.describe()).typedSearchAttributes.get(ATTRIBUTES.needsOperator)).toBe(false);
}
