import { PassThrough } from 'node:stream';
import { EXIT, exitCodeOf } from '../../client/cli/exit-codes.js';
import { linePresenter } from '../../client/cli/present-lines.js';
import { jsonPresenter } from '../../client/cli/present-json.js';
import { comeBack } from '../../client/cli/presenter.js';
import type { Io, OutStream } from '../../client/cli/io.js';
import { renderBar, renderProgressBlock } from '../../client/render/progress-block.js';
import { renderList } from '../../client/render/table.js';
import { renderVerdict } from '../../client/render/verdict.js';
import { combineView, type ProgressView } from '../../client/view.js';
import type { MigrationReport } from '../../domain/contracts/report.js';
import { LIVE_FIGURES } from './stand-in/figures.js';

const view: ProgressView = {
  ...combineView(null, [{ name: 'precopy', attempt: 1, untakenMs: 0, silentMs: 0, node: null, note: null, lastFailure: null, figures: LIVE_FIGURES }]),
  vmid: 101, source: 'pve1', target: 'pve2', detail: 'copying memory', downtimeLimitMs: 100, expectedDowntimeMs: 140, decision: 'round 3 is not small enough',
};

function sink(): { io: Io; lines: () => string[] } {
  const stdout = new PassThrough();
  const io: Io = { stdout: stdout as OutStream, stderr: stdout as OutStream, env: {}, caller: 'a@b', onInterrupt: () => () => undefined };
  return { io, lines: () => String(stdout.read() ?? '').split('\n').filter((line) => line !== '') };
}

describe('the block on a terminal', () => {
  test('shows where it is, a bar, the figures and the last decision', () => {
    expect(renderProgressBlock(view, 12_700, 120).split('\n')).toEqual([
      'VM 101  pve1 → pve2  precopy: copying memory  (12.0 s)',
      `  [${'█'.repeat(30)}${'░'.repeat(10)}]  75 %  round 3  ETA 4.0 s`,
      '  remaining 250.0 MiB of 1000.0 MiB · 100.0 MiB/s · guest writes 20.0 MiB/s · downtime 140 ms expected, 100 ms allowed',
      '  round 3 is not small enough',
    ]);
  });

  test('is never wider than the terminal', () => {
    const lines = renderProgressBlock({ ...view, waitingFor: 'x'.repeat(300) }, 1000, 60).split('\n');
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(60);
  });

  test('what is waited for is wrapped, not cut: it ends with what an operator has to do', () => {
    const waitingFor = 'decide who owns the guest: pve1 to answer. If it is off: `ferry resolve 101 --confirm-fenced pve1`; pve1 does not answer';
    const lines = renderProgressBlock({ ...view, waitingFor }, 1000, 60).split('\n');
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(60);
    expect(lines.map((line) => line.trim()).join(' ')).toContain(`waiting for ${waitingFor}`);
  });

  test('has no bar where nothing is counted', () => {
    expect(renderProgressBlock({ ...view, phase: 'validating', totalBytes: 0, detail: '' }, 1000, 80)).toBe('VM 101  pve1 → pve2  validating  (1.0 s)');
  });

  test.each([[0, '[░░░░]'], [0.5, '[██░░]'], [1, '[████]'], [7, '[████]']])('a bar of %p', (fraction, bar) => {
    expect(renderBar(fraction, 4)).toBe(bar);
  });
});

test.each([[undefined, EXIT.ok], ['vm 101 runs nowhere', EXIT.internal]])('a guest that was handed over, trouble %p, ends with %i', (guestTrouble, code) => {
  const report = { outcome: 'migrated', ...(guestTrouble === undefined ? {} : { guestTrouble }) } as unknown as MigrationReport;
  expect(exitCodeOf({ kind: 'report', report })).toBe(code);
});

describe('lines for a log', () => {
  test('one per change, at most one per second', () => {
    const { io, lines } = sink();
    let now = 0;
    const presenter = linePresenter(io, () => now);
    presenter.view(view);
    presenter.view({ ...view, round: 4 });
    now = 1000;
    presenter.view(view);
    presenter.view({ ...view, round: 5 });
    now = 2000;
    presenter.view({ ...view, phase: 'verifying', totalBytes: 0, detail: 'asking pve2', waitingFor: 'pve2' });
    const written = lines();
    expect(written).toHaveLength(3);
    expect(written[0]).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d .*MiB/);
    expect(written[2]).toMatch(/ verifying: asking pve2; waiting for pve2$/);
  });
});

describe('lines for a program', () => {
  test('one object per change, what happened in `event`', () => {
    const { io, lines } = sink();
    const presenter = jsonPresenter(io);
    presenter.view(view);
    presenter.view({ ...view });
    presenter.ended({ kind: 'no-report', code: 'Internal', sentence: 'broken' });
    expect(lines().map((line) => JSON.parse(line))).toEqual([
      expect.objectContaining({ event: 'progress', vmid: 101, remainingBytes: LIVE_FIGURES.remainingBytes }),
      { event: 'failed', code: 'Internal', sentence: 'broken' },
    ]);
  });
});

describe('other texts', () => {
  test('a verdict names every refusal with code, sentence and remedy', () => {
    const refusals = [{ code: 'a', sentence: 'A is wrong', remedy: 'mend A' }, { code: 'b', sentence: 'B is wrong', remedy: 'mend B' }];
    expect(renderVerdict(101, 'pve2', { refusals, warnings: ['slow'], plan: null })).toBe(
      "guest 101 can't be moved to pve2: 2 reasons.\n  1. A is wrong [a]\n     -> mend A\n  2. B is wrong [b]\n     -> mend B\n  warning: slow",
    );
  });

  test('the list is a table without a frame', () => {
    const row = {
      workflowId: 'migrate-guest-101', runId: 'r', vmid: 101, source: 'pve1', target: 'pve2', phase: 'precopy' as const, running: true,
      startedAt: '2026-11-24T02:00:00.000Z', durationMs: 65_000, outcome: null,
    };
    const [head, line] = renderList([row]).split('\n');
    expect(head).toMatch(/^id +guest +from → to +phase +started +duration +outcome$/);
    expect(line).toMatch(/^migrate-guest-101 +101 +pve1 → pve2 +precopy +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d +1 min 05 s +running$/);
    expect(renderList([])).toBe('no migrations');
  });

  test('coming back names the guest where the workflow id does', () => {
    expect(comeBack({ workflowId: 'migrate-guest-101', runId: 'r', url: 'http://ui' })).toContain('`ferry show 101 --watch`');
    expect(comeBack({ workflowId: 'my-own', runId: 'r', url: 'http://ui' })).toContain('`ferry cancel my-own`');
  });
});
