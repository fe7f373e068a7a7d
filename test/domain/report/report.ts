import type { MigrationReport } from '../../../domain/contracts/report.js';
import { GIB, MIB } from '../../../domain/units.js';
import { rounds } from '../convergence/samples.js';

/** A migration that went well; tests change what they look at. */
export function report(change: Partial<MigrationReport> = {}): MigrationReport {
  const [first, second, third] = rounds([512, 60, 62]);
  if (first === undefined || second === undefined || third === undefined) throw new Error('three rounds are needed');
  return {
    vmid: 101, name: 'web', source: 'pve1', target: 'pve2', epoch: '0197-aa', workflowId: 'migrate-guest-101', outcome: 'migrated',
    reason: 'the guest runs on pve2', requestedBy: 'root@pam', requestReason: 'kernel update', transport: 'secure', network: '10.1.2.0/24',
    startedAt: '2025-03-01T10:00:00.000Z', endedAt: '2025-03-01T10:00:12.300Z', totalMs: 12_300,
    phases: [{ phase: 'validating', elapsedMs: 300 }, { phase: 'diskSync', elapsedMs: 6000 }, { phase: 'precopy', elapsedMs: 5900 }, { phase: 'switchover', elapsedMs: 40 }],
    rounds: [
      { sample: first, step: { action: 'continue', reason: 'round 1 goes on' } },
      { sample: second, step: { action: 'continue', reason: 'round 2 goes on' } },
      { sample: third, step: { action: 'raise-downtime-limit', downtimeLimitMs: 200, reason: 'round 3 did not shrink' } },
    ],
    bytes: { ram: 640 * MIB, disks: 2 * GIB }, qemuDowntimeMs: 22, qemuTotalMs: 6400,
    blackout: { stopMs: 1.5, mirrorFinishMs: 4, finalStateMs: 20, handoverMs: 2, commitMs: 6, resumeMs: 3, totalMs: 38 },
    refusals: [], warnings: [], incidents: [], ...change,
  };
}

/** Nothing was done: no figures. */
export const refused = (change: Partial<MigrationReport> = {}): MigrationReport =>
  report({
    outcome: 'refused', reason: '2 prerequisites are not met', transport: null, network: null, phases: [], rounds: [], bytes: null, qemuDowntimeMs: null,
    qemuTotalMs: null, blackout: null,
    refusals: [
      { code: 'guest-locked', sentence: 'VM is locked (backup)', remedy: 'qm unlock 101' },
      { code: 'no-quorum', sentence: 'cluster not ready - no quorum?', remedy: 'pvecm status' },
    ],
    ...change,
  });
