import type { MigrationReport } from '../../../domain/contracts/report.js';

/** A report as small as the type allows. */
export function reportOf(request: { readonly vmid: number; readonly target: string; readonly requestedBy: string }, outcome: MigrationReport['outcome']): MigrationReport {
  return {
    vmid: request.vmid, name: 'web', source: 'pve1', target: request.target, epoch: 'epoch', workflowId: `migrate-guest-${request.vmid}`,
    outcome, reason: `stand-in: ${outcome}`, requestedBy: request.requestedBy, requestReason: null, transport: 'secure', network: null,
    startedAt: '2026-11-24T02:00:00.000Z', endedAt: '2026-11-24T02:00:04.200Z', totalMs: 4200,
    phases: [{ phase: 'precopy', elapsedMs: 4000 }], rounds: [], bytes: { ram: 1024, disks: 0 }, qemuDowntimeMs: 38, qemuTotalMs: 4000,
    blackout: null, refusals: outcome === 'refused' ? [{ code: 'guest-locked', sentence: 'guest is locked', remedy: 'wait' }] : [], warnings: [], incidents: [],
  };
}
