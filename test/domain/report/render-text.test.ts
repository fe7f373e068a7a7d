import type { RoundRecord } from '../../../domain/contracts/report.js';
import { renderReport } from '../../../domain/report/render-text.js';
import { rounds } from '../convergence/samples.js';
import { refused, report } from './report.js';

describe('the report as text', () => {
  test('of a migration that went well, whole', () => {
    expect(renderReport(report())).toBe(
      [
        "VM 101 'web' migrated from pve1 to pve2 in 12.3 s, it stood still for 38 ms",
        '  Outcome       migrated: the guest runs on pve2',
        '  Requested by  root@pam: "kernel update"',
        '  Transport     secure, network 10.1.2.0/24',
        '  Time          2025-03-01T10:00:00.000Z to 2025-03-01T10:00:12.300Z, 12.3 s',
        '  Workflow      migrate-guest-101, epoch 0197-aa',
        '',
        'Phases',
        '  validating  300 ms  |█                                       |',
        '  diskSync     6.0 s  | ████████████████████                   |',
        '  precopy      5.9 s  |                     ███████████████████|',
        '  switchover   40 ms  |                                       █|',
        '',
        'Rounds of memory',
        '  Round     At  Remaining    Copied at  Dirtied at  Throttle   Limit  Decision',
        '      1  1.0 s  512.0 MiB  100.0 MiB/s  20.0 MiB/s       0 %  100 ms  continue',
        '      2  2.0 s   60.0 MiB  100.0 MiB/s  20.0 MiB/s       0 %  100 ms  continue',
        '      3  3.0 s   62.0 MiB  100.0 MiB/s  20.0 MiB/s       0 %  100 ms  raise-downtime-limit',
        '         round 3 did not shrink',
        '',
        'Transferred',
        '  RAM    640.0 MiB  100.0 MiB/s in 6.4 s',
        '  disks    2.0 GiB',
        '',
        "Blackout 38 ms (QEMU's own downtime 22 ms)",
        '  stop                        1.5 ms  |██                                      |',
        '  mirror finish                 4 ms  |  ████                                  |',
        '  final RAM and device state   20 ms  |      ██████████████████████            |',
        '  handover                      2 ms  |                            ██          |',
        '  commit                        6 ms  |                              ███████   |',
        '  resume                        3 ms  |                                     ███|',
      ].join('\n'),
    );
  });

  test('of a refusal: every reason with its remedy, and nothing that did not happen', () => {
    const text = renderReport(refused());
    expect(text).toContain("VM 101 'web' can't be migrated to pve2: refused, 2 reasons; nothing was touched");
    expect(text).toContain('  1. VM is locked (backup) [guest-locked]\n     -> qm unlock 101\n  2. cluster not ready');
    expect(text).not.toMatch(/Blackout|Transferred|Rounds|Phases|null|undefined/);
  });

  test.each([
    ['rolled-back', 'was not migrated to pve2: rolled back after 12.3 s; it is on pve1, as before'],
    ['cancelled', 'was not migrated to pve2: cancelled after 12.3 s; it is on pve1, as before'],
  ] as const)('of one that ended %s', (outcome, sentence) => expect(renderReport(report({ outcome, blackout: null }))).toContain(sentence));

  test('of a guest that was handed over and does not run: no success, and what to do', () => {
    const text = renderReport(report({ guestTrouble: 'vm 101 runs nowhere; start it on pve2' }));
    expect(text).toContain("VM 101 'web' was handed over from pve1 to pve2, but does not run: vm 101 runs nowhere; start it on pve2");
  });

  test('incidents and warnings are listed', () => {
    const text = renderReport(report({ incidents: ['the ssh tunnel was replaced'], warnings: ['kept: audio0'] }));
    expect(text).toContain('Incidents\n  - the ssh tunnel was replaced\n\nWarnings\n  - kept: audio0');
  });

  test('a long list of rounds keeps its ends and every decision', () => {
    const records = rounds(Array.from({ length: 100 }, () => 50)).map((sample): RoundRecord => ({
      sample,
      step: sample.round === 40 ? { action: 'raise-downtime-limit', downtimeLimitMs: 200, reason: 'the fortieth' } : { action: 'continue', reason: 'on' },
    }));
    const lines = renderReport(report({ rounds: records })).split('\n');
    expect(lines.filter((line) => line.includes('more, all continue')).map((line) => line.trim())).toEqual(['… 31 more, all continue', '… 52 more, all continue']);
    expect(lines.some((line) => line.includes('the fortieth'))).toBe(true);
  });

  test('spans without any duration can be drawn', () => {
    expect(renderReport(report({ phases: [{ phase: 'validating', elapsedMs: 0 }] }))).toContain('validating  0 ms  |█ ');
  });
});
