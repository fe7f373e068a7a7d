import type { MigrationReport } from '../contracts/report.js';
import { renderDuration } from '../units.js';

/** The one sentence an operator reads first. */
export function outcomeSentence(report: MigrationReport): string {
  const { outcome, source, target, totalMs, refusals, blackout, downtime, guestTrouble } = report;
  const guest = `${report.kind === 'lxc' ? 'CT' : 'VM'} ${report.vmid}${report.name === '' ? '' : ` '${report.name}'`}`;
  const stays = guestTrouble !== undefined ? `; ${guestTrouble}` : source === null ? '' : `; it is on ${source}, as before`;
  switch (outcome) {
    case 'migrated': {
      if (guestTrouble !== undefined) return `${guest} was handed over from ${source ?? '?'} to ${target}, but does not run: ${guestTrouble}`;
      const stood = blackout !== null ? `, it stood still for ${renderDuration(blackout.totalMs)}` : downtime ? `, it was down for ${renderDuration(downtime.totalMs)}` : '';
      return `${guest} migrated from ${source ?? '?'} to ${target} in ${renderDuration(totalMs)}${stood}`;
    }
    case 'rolled-back':
      return `${guest} was not migrated to ${target}: rolled back after ${renderDuration(totalMs)}${stays}`;
    case 'cancelled':
      return `${guest} was not migrated to ${target}: cancelled after ${renderDuration(totalMs)}${stays}`;
    case 'refused': {
      const count = refusals.length === 0 ? '' : `, ${refusals.length} ${refusals.length === 1 ? 'reason' : 'reasons'}`;
      return `${guest} can't be migrated to ${target}: refused${count}; nothing was touched`;
    }
  }
}

/** Label and value of what is known about the migration as a whole. */
export function headFacts(report: MigrationReport): [string, string][] {
  const facts: [string, string | null][] = [
    ['Outcome', report.reason === '' ? report.outcome : `${report.outcome}: ${report.reason}`],
    ['Requested by', report.requestReason === null ? report.requestedBy : `${report.requestedBy}: "${report.requestReason}"`],
    ['Transport', report.transport === null ? null : `${report.transport}, ${report.network === null ? 'management network' : `network ${report.network}`}`],
    ['Time', `${report.startedAt} to ${report.endedAt}, ${renderDuration(report.totalMs)}`],
    ['Workflow', `${report.workflowId}, epoch ${report.epoch}`],
  ];
  return facts.filter((fact): fact is [string, string] => fact[1] !== null);
}
