import type { EvacuationPlan, NodeUse, PlannedMove } from '../contracts/evacuation.js';
import { alignColumns } from '../report/align.js';
import { renderRefusals } from '../report/render-text.js';
import { renderDuration } from '../units.js';
import { guestName } from './guest-load.js';
import { linkCells, loadOf, MOVE_COLUMNS, MOVE_FIGURES, moveCells, NODE_TIMES, planFacts, planSentence, stayRefusal, useText } from './plan-cells.js';

const BAR_WIDTH = 30;
const TIMELINE_WIDTH = 50;

/** A plan for a terminal: plain text, no colours, ends without a line break. */
export function renderPlan(plan: EvacuationPlan): string {
  const sections: [string, string[]][] = [
    [planSentence(plan), alignColumns(planFacts(plan))],
    ['Stays', renderRefusals(plan.stays.map(stayRefusal))],
    ['Moves', plan.moves.length === 0 ? [] : alignColumns([[...MOVE_COLUMNS], ...plan.moves.map(moveCells)], MOVE_FIGURES)],
    ['When', renderTimeline(plan)],
    ['Memory of each node', plan.nodes.flatMap(renderNode)],
    ['Links', plan.links.length === 0 ? [] : alignColumns([['Link', 'Bytes', 'Busy'], ...plan.links.map(linkCells)], [1, 2])],
    ['Warnings', plan.warnings.map((warning) => `- ${warning}`)],
  ];
  return sections.filter(([, lines]) => lines.length > 0).map(([title, lines]) => [title, ...lines.map((line) => `  ${line}`)].join('\n')).join('\n\n');
}

function renderTimeline({ moves, durationMs }: EvacuationPlan): string[] {
  return alignColumns(moves.flatMap((move) => (move.startMs === undefined ? [] : [[guestName(move), renderDuration(move.startMs), `|${span(move, move.startMs, durationMs)}|`]])), [1]);
}

function span({ forecast }: PlannedMove, startMs: number, totalMs: number): string {
  const at = (ms: number): number => Math.round((ms / Math.max(1, totalMs)) * TIMELINE_WIDTH);
  const offset = Math.min(TIMELINE_WIDTH - 1, at(startMs));
  const length = Math.max(1, Math.min(TIMELINE_WIDTH - offset, at(startMs + forecast.durationMs) - offset));
  return `${' '.repeat(offset)}${'█'.repeat(length)}${' '.repeat(TIMELINE_WIDTH - offset - length)}`;
}

function renderNode(node: NodeUse): string[] {
  return alignColumns(NODE_TIMES.map((time, i) => {
    const filled = Math.round((loadOf(node, node[time]) / 100) * BAR_WIDTH);
    return [i === 0 ? node.node : '', time, `${'█'.repeat(filled)}${'░'.repeat(BAR_WIDTH - filled)}`, `${loadOf(node, node[time])} %`, useText(node, time)];
  }), [3]);
}
