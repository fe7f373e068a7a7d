import type { LiveFigures, MigrationProgress } from '../../domain/contracts/progress.js';
import { asLiveFigures, asNote, combineView, fractionOf, type PendingStep } from '../../client/view.js';

const progress: MigrationProgress = {
  vmid: 101, source: 'pve1', target: 'pve2', phase: 'precopy', detail: 'copying memory', waitingFor: null, report: null,
  lastSample: {
    visit: 2, round: 2, elapsedMs: 2000, remainingBytes: 500, transferredBytes: 900, totalBytes: 1000, bandwidthBytesPerSecond: 100,
    dirtyBytesPerSecond: 20, expectedDowntimeMs: 140, downtimeLimitMs: 100, cpuThrottlePercent: 0,
  },
  lastStep: { action: 'continue', reason: 'round 2' },
};
const figures: LiveFigures = {
  phase: 'precopy', doneBytes: 950, totalBytes: 1000, remainingBytes: 250, rateBytesPerSecond: 110, dirtyBytesPerSecond: 21, round: 3, etaSeconds: 2,
};
const step: PendingStep = { name: 'precopy', attempt: 1, untakenMs: 0, silentMs: 0, node: 'pve1', lastFailure: null, note: null, figures };

describe('one view of a migration', () => {
  test('a heartbeat is newer than the last sample', () => {
    expect(combineView(progress, [step])).toMatchObject({ round: 3, remainingBytes: 250, etaSeconds: 2, downtimeLimitMs: 100, decision: 'round 2' });
  });

  test('without a heartbeat the last sample counts', () => {
    expect(combineView(progress, [])).toMatchObject({ round: 2, remainingBytes: 500, rateBytesPerSecond: 100, etaSeconds: null });
  });

  test('a heartbeat of a phase that is over is not shown', () => {
    const view = combineView({ ...progress, phase: 'verifying' }, [step]);
    expect(view).toMatchObject({ phase: 'verifying', totalBytes: 0, round: 0 });
    expect(fractionOf(view)).toBeNull();
  });

  test('without a control worker the heartbeat alone tells the phase', () => {
    expect(combineView(null, [step])).toMatchObject({ phase: 'precopy', round: 3, vmid: null });
  });

  test('a step that fails and is tried again is waited for, with its cause', () => {
    const failing = { ...step, name: 'reserveTarget', attempt: 3, lastFailure: 'no space' };
    expect(combineView(progress, [failing]).waitingFor).toBe('reserveTarget, attempt 3: no space');
  });

  test('a step no agent takes is waited for', () => {
    expect(combineView(progress, [{ ...step, name: 'reserveTarget', untakenMs: 5000 }]).waitingFor).toBe('the agent of pve1 to take reserveTarget: nobody for 5 s');
  });

  test('an agent that is not heard of is waited for, before the server gives it up', () => {
    expect(combineView(progress, [{ ...step, silentMs: 4200 }]).waitingFor).toBe('pve1 to answer precopy: silent for 4 s');
    expect(combineView(progress, [{ ...step, silentMs: 1500 }]).waitingFor).toBeNull();
  });

  test('what a node itself says is in the way is shown', () => {
    expect(combineView(progress, [{ ...step, note: 'nothing was heard from pve2 for 4.0 s' }]).waitingFor).toBe('the stream to go on: nothing was heard from pve2 for 4.0 s');
    expect(asNote({ ...figures, note: 'x' })).toBe('x');
    expect(asNote(figures)).toBeNull();
  });

  test("the workflow's own words go first", () => {
    expect(combineView({ ...progress, waitingFor: 'pve2 to answer' }, [{ ...step, attempt: 2, lastFailure: 'x' }]).waitingFor).toBe('pve2 to answer');
  });

  test('the fraction follows what remains, within 0…1', () => {
    expect(fractionOf(combineView(progress, [step]))).toBe(0.75);
    expect(fractionOf(combineView(progress, [{ ...step, figures: { ...figures, remainingBytes: 2000 } }]))).toBe(0);
  });
});

describe('heartbeat details', () => {
  test.each([
    ['nothing', undefined],
    ['a text', 'precopy'],
    ['an object of another kind', { phase: 'precopy' }],
    ['figures that are no numbers', { ...figures, round: '3' }],
  ])('%s is no figures', (_, details) => {
    expect(asLiveFigures(details)).toBeNull();
  });

  test('figures are taken as they are', () => {
    expect(asLiveFigures(figures)).toEqual(figures);
  });
});
