import fc from 'fast-check';
import { type MigrationProgress } from '../../../domain/contracts/progress.js';
import { PHASES } from '../../../domain/contracts/phase.js';
import { MAX_DETAILS_BYTES, renderCurrentDetails, renderProgressLine } from '../../../domain/progress/details.js';
import { MIB } from '../../../domain/units.js';
import { sample } from '../convergence/samples.js';

const progress: MigrationProgress = {
  vmid: 101, source: 'pve1', target: 'pve2', phase: 'precopy', detail: 'copying memory to pve2',
  lastSample: sample({ round: 3 }), lastStep: { action: 'continue', reason: 'round 3 goes on' }, waitingFor: null, report: null,
};

describe('current details', () => {
  test('say what happens, show the figures, and what can be done', () => {
    expect(renderCurrentDetails(progress)).toBe(
      [
        '### VM 101: pve1 → pve2',
        '',
        '**Copying memory while the guest runs on the source**: copying memory to pve2',
        '',
        '| round 3&emsp; | 1.0 s |',
        '| :-- | :-- |',
        '| memory left&emsp; | 100.0 MiB of 512.0 MiB |',
        '| sent&emsp; | 400.0 MiB |',
        '| copied at&emsp; | 100.0 MiB/s |',
        '| guest writes&emsp; | 20.0 MiB/s |',
        '| expected downtime&emsp; | 1.0 s, allowed 100 ms |',
        '| guest slowed by&emsp; | 0 % |',
        '| decision&emsp; | continue: round 3 goes on |',
        '',
        '**You can now:** `ferry cancel 101` (or Request Cancellation): everything is undone and the guest runs on where it is; change its limits with ' +
          '`ferry steer 101 --downtime-limit <ms>` or `--bwlimit <KiB/s>` (updates setDowntimeBudget, setBandwidth); follow it with `ferry show 101`.',
      ].join('\n'),
    );
  });

  test.each(PHASES)('have a sentence and an advice for %s', (phase) => {
    const text = renderCurrentDetails({ ...progress, phase, lastSample: null, lastStep: null, waitingFor: 'pve2 to answer' });
    expect(text).toContain('**Waiting for** pve2 to answer');
    expect(text).toMatch(/\*\*You can now:\*\* \S/);
    expect(text).not.toMatch(/undefined|null/);
  });

  test.each(['switchover', 'deciding', 'rollingBack', 'needsOperator', 'verifying'] as const)('do not offer in %s to cancel what is being decided', (phase) => {
    expect(renderCurrentDetails({ ...progress, phase })).not.toContain('ferry cancel');
  });

  test('an error text stays one line of plain words in its cell', () => {
    const text = renderCurrentDetails({ ...progress, lastStep: { action: 'abort', reason: 'a | b\n## c <img src=x> `d`' } });
    expect(text).toContain('| decision&emsp; | abort: a \\| b \\#\\# c &lt;img src=x> \\`d\\` |');
  });

  test('stay small whatever they are told', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 3000 }), fc.string({ unit: 'grapheme', maxLength: 3000 }), (a, b) => {
        const text = renderCurrentDetails({ ...progress, source: a, detail: b, waitingFor: a, lastStep: { action: 'continue', reason: b } });
        expect(Buffer.byteLength(text)).toBeLessThanOrEqual(MAX_DETAILS_BYTES);
      }),
    );
  });
});

test.each([
  [{}, 'precopy, round 3  [████████████░░░░░░░░]  62 %  194.0 MiB left of 512.0 MiB  98.0 MiB/s  guest writes 20.0 MiB/s  ETA 3.0 s'],
  [{ etaSeconds: null, dirtyBytesPerSecond: 0, round: 0, phase: 'diskSync' as const }, 'diskSync  [████████████░░░░░░░░]  62 %  194.0 MiB left of 512.0 MiB  98.0 MiB/s'],
])('a progress line with %j', (change, line) => {
  const figures = { phase: 'precopy' as const, doneBytes: 318 * MIB, totalBytes: 512 * MIB, remainingBytes: 194 * MIB, rateBytesPerSecond: 98 * MIB, dirtyBytesPerSecond: 20 * MIB, round: 3, etaSeconds: 3 };
  expect(renderProgressLine({ ...figures, ...change })).toBe(line);
});
