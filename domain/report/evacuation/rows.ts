import type { EvacuatedGuest } from '../../contracts/evacuation-progress.js';
import type { EvacuationReport } from '../../contracts/evacuation-report.js';
import { renderBytes, renderDuration } from '../../units.js';

export const GUEST_COLUMNS = ['guest', 'outcome', 'from → to', 'way', 'time', 'planned', 'stood still', 'planned', 'copied', 'tries', 'why'] as const;

/** One guest, plan against reality. */
export function guestCells(guest: EvacuatedGuest): string[] {
  const { vmid, kind, name, state, from, to, mode, forecast, startedAtMs, endedAtMs, downtimeMs, bytes, attempts, reason, unhealthy, remedy } = guest;
  const took = startedAtMs !== null && endedAtMs !== null ? renderDuration(endedAtMs - startedAtMs) : '-';
  const why = [unhealthy === undefined ? '' : `not well: ${unhealthy}`, state === 'moved' ? '' : reason, remedy ?? ''].filter((part) => part !== '').join('; ');
  return [
    `${kind === 'lxc' ? 'CT' : 'VM'} ${vmid}${name === '' ? '' : ` ${name}`}`, unhealthy === undefined ? state : `${state}, unhealthy`, to === null ? from : `${from} → ${to}`, mode ?? '-',
    took, planned(forecast?.durationMs), downtimeMs === null ? '-' : renderDuration(downtimeMs), planned(forecast?.downtimeMs), bytes === null ? '-' : renderBytes(bytes), String(attempts), why,
  ];
}

const planned = (ms: number | undefined): string => (ms === undefined || ms === 0 ? '-' : renderDuration(ms));

/** The one sentence an operator reads first. */
export function evacuationSentence({ node, direction, outcome, reason, totalMs }: EvacuationReport): string {
  const what = direction === 'away' ? `Evacuation of ${node}` : `Coming home to ${node}`;
  return `${what}: ${outcome} after ${renderDuration(totalMs)}: ${reason}`;
}

/** Label and value of what is known about the evacuation as a whole. */
export function evacuationFacts(report: EvacuationReport): [string, string][] {
  const { planned: first, plans, guests, totalMs } = report;
  const moved = guests.filter(({ state }) => state === 'moved');
  const bytes = moved.reduce((sum, guest) => sum + (guest.bytes ?? 0), 0);
  const still = moved.reduce((sum, guest) => sum + (guest.downtimeMs ?? 0), 0);
  return [
    ['Outcome', `${report.outcome}: ${report.reason}`],
    ['Requested by', report.requestReason === null ? report.requestedBy : `${report.requestedBy}: "${report.requestReason}"`],
    ['Time', `${report.startedAt} to ${report.endedAt}, ${renderDuration(totalMs)}`],
    ['Guests', `${moved.length} of ${guests.length} moved, ${renderBytes(bytes)} copied, stood still for ${renderDuration(still)} in sum`],
    ...(first === null ? [] : [['Planned', `${first.moves} moves, ${renderBytes(first.bytes)}, ${renderDuration(first.durationMs)} (${first.quality}); ${plans === 1 ? 'it was kept' : `planned ${plans} times`}`] as [string, string]]),
    ['Workflow', `${report.workflowId}${report.runs === 1 ? '' : `, ${report.runs} runs`}`],
  ];
}
