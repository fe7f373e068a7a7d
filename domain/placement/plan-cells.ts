import type { EvacuationPlan, LinkUse, NodeUse, PlannedMove, StayingGuest } from '../contracts/evacuation.js';
import type { Refusal } from '../contracts/plan.js';
import { percentOf, renderBytes, renderDuration } from '../units.js';
import { guestName } from './guest-load.js';

/** The one sentence an operator reads first. */
export function planSentence({ node, moves, stays, durationMs }: EvacuationPlan): string {
  const leaving = moves.filter(({ parking }) => !parking).length;
  const others = moves.length - leaving;
  if (leaving === 0 && stays.length === 0) return `${node} is empty: nothing has to move`;
  const also = others === 0 ? '' : `, ${countOf(others, 'guest')} of other nodes ${others === 1 ? 'makes' : 'make'} room`;
  const moved = leaving === 0 ? `no guest can leave ${node}` : `${countOf(leaving, 'guest')} can leave ${node} in about ${renderDuration(durationMs)}${also}`;
  return stays.length === 0 ? `${moved}; nothing stays` : `${moved}; ${countOf(stays.length, 'guest')} ${stays.length === 1 ? 'stays' : 'stay'}`;
}

const QUALITIES: Readonly<Record<EvacuationPlan['quality'], string>> = {
  optimal: 'proved: no other plan is better', feasible: 'the best found in the time there was', greedy: 'a good one, found without the solver',
};

export function planFacts({ moves, bytes, durationMs, quality }: EvacuationPlan): [string, string][] {
  const away = moves.map(({ forecast }) => forecast.downtimeMs);
  return [
    ['Placement', QUALITIES[quality]],
    ['To copy', renderBytes(bytes)],
    ['Duration', `${renderDuration(durationMs)} in ${countOf(new Set(moves.map(({ wave }) => wave)).size, 'wave')}`],
    ...(moves.length === 0 ? [] : [['Longest time a guest is away', renderDuration(Math.max(...away))] as [string, string]]),
  ];
}

export const MOVE_COLUMNS = ['#', 'Wave', 'Guest', 'Name', 'How', 'From', 'To', 'Takes', 'Away', 'Copies', 'Known from', 'After', 'Why there'] as const;
/** Columns of figures, set flush right. */
export const MOVE_FIGURES: readonly number[] = [0, 1, 7, 8, 9];

/** In the order of `MOVE_COLUMNS`. */
export const moveCells = (move: PlannedMove): string[] => [
  String(move.order + 1), String(move.wave + 1), guestName(move), move.name, move.parking ? `${move.mode}, makes room` : move.mode, move.from,
  move.targetStorage === undefined ? move.to : `${move.to} (${move.targetStorage})`,
  renderDuration(move.forecast.durationMs), renderDuration(move.forecast.downtimeMs), renderBytes(move.forecast.bytes), move.forecast.basis,
  move.needs.join(', '), move.reason,
];

export const stayRefusal = (guest: StayingGuest): Refusal => ({ code: guest.code, remedy: guest.remedy, sentence: `${guestName(guest)} ${guest.name}: ${guest.sentence}` });

export const loadOf = ({ memoryTotalBytes }: NodeUse, { memoryBytes }: NodeUse['before']): number => percentOf(memoryBytes, memoryTotalBytes);

export const NODE_TIMES = ['before', 'during', 'after'] as const;

/** Figures of a node at one time: load, guests, virtual CPUs. */
export const useText = (node: NodeUse, time: (typeof NODE_TIMES)[number]): string =>
  `${renderBytes(node[time].memoryBytes)} of ${renderBytes(node.memoryTotalBytes)}, ${countOf(node[time].guests, 'guest')}, ${countOf(node[time].cores, 'core')}`;

export const linkCells = ({ link, bytes, busyMs }: LinkUse): string[] => [link, renderBytes(bytes), renderDuration(busyMs)];

export const countOf = (count: number, thing: string): string => `${count} ${thing}${count === 1 ? '' : 's'}`;
