import type { EvacuatedGuest, EvacuationProgress } from '../../domain/contracts/evacuation-progress.js';
import type { RollProgress, RollReport } from '../../domain/contracts/roll.js';
import { countGuests } from '../../domain/evacuation/details.js';
import { renderDuration, renderRate } from '../../domain/units.js';
import { renderBar } from './progress-block.js';
import { bareTable } from './table.js';

const BAR_WIDTH = 30;
const MOST_ROWS = 10;

/** `pve1 moving  7 of 12 moved, 2 moving  98.1 MiB/s  ETA 3 min 05 s`. */
export function evacuationLine(progress: EvacuationProgress): string {
  const { node, phase, detail, guests, etaMs } = progress;
  const rate = rateOf(progress);
  return [`${node} ${phase}${detail === '' ? '' : `: ${detail}`}`, countGuests(guests), ...(rate === 0 ? [] : [renderRate(rate)]), ...(etaMs === null || etaMs === 0 ? [] : [`ETA ${renderDuration(Math.round(etaMs / 1000) * 1000)}`])].join('  ');
}

/** The same with a bar, and the guests somebody wants to see now. */
export function evacuationBlock(progress: EvacuationProgress): string {
  const { guests } = progress;
  const over = guests.filter(({ state }) => !['waiting', 'moving', 'checking', 'retrying'].includes(state)).length;
  const shown = guests.filter(({ state }) => state !== 'moved' && state !== 'gone' && state !== 'waiting').slice(0, MOST_ROWS).map(rowOf);
  return [
    evacuationLine(progress),
    `  ${renderBar(guests.length === 0 ? 0 : over / guests.length, BAR_WIDTH)} ${over} of ${guests.length} guests`,
    ...(shown.length === 0 ? [] : [bareTable(['  guest', 'state', 'to', ''], shown)]),
    ...progress.incidents.slice(-3).map((incident) => `  ${incident}`),
  ].join('\n');
}

export function rollLine({ nodes }: RollProgress): string {
  const at = nodes.filter(({ state }) => state !== 'waiting' && state !== 'done').map(({ node, state, reason }) => `${node} ${state}${reason === '' ? '' : `: ${reason}`}`);
  return [`${nodes.filter(({ state }) => state === 'done').length} of ${nodes.length} nodes done`, ...at].join('  ');
}

export const rollTable = ({ nodes }: RollProgress): string => bareTable(['node', 'state', 'left', 'came home', 'time', 'why'], nodes.map(({ node, state, left, cameHome, startedAtMs, endedAtMs, reason }) =>
  [node, state, String(left), String(cameHome), startedAtMs === null ? '-' : renderDuration((endedAtMs ?? Date.now()) - startedAtMs), reason]));

export const rollText = (report: RollReport): string => `rolling maintenance: ${report.outcome}: ${report.reason}\n\n${rollTable(report)}`;

/** Bytes per second of what has arrived so far. */
function rateOf({ guests, startedAtMs }: EvacuationProgress): number {
  const bytes = guests.reduce((sum, guest) => sum + (guest.bytes ?? 0), 0);
  const lastMs = Math.max(startedAtMs, ...guests.map(({ endedAtMs }) => endedAtMs ?? 0));
  return lastMs === startedAtMs ? 0 : (bytes * 1000) / (lastMs - startedAtMs);
}

const rowOf = ({ vmid, name, state, to, reason, unhealthy }: EvacuatedGuest): string[] => [`  ${vmid} ${name}`, unhealthy === undefined ? state : 'unhealthy', to ?? '-', unhealthy ?? reason];
