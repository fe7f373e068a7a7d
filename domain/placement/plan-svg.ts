import type { EvacuationPlan, NodeUse, PlannedMove } from '../contracts/evacuation.js';
import { escapeHtml } from '../report/html.js';
import { CHART_WIDTH, LABEL_WIDTH, picture } from '../report/svg.js';
import { renderDuration } from '../units.js';
import { guestName } from './guest-load.js';
import { loadOf, NODE_TIMES, useText } from './plan-cells.js';

const ROW_HEIGHT = 22;
const AXIS_HEIGHT = 24;
const TICKS = 4;

/** Each move at its place in time, coloured by its target; the time a guest is away is marked at its end. Empty for none. */
export function timelineSvg({ moves, nodes, durationMs }: EvacuationPlan): string {
  const timed = moves.filter((move): move is PlannedMove & { readonly startMs: number } => move.startMs !== undefined);
  if (timed.length === 0) return '';
  const x = (ms: number): number => LABEL_WIDTH + round((ms / Math.max(1, durationMs)) * CHART_WIDTH);
  const height = timed.length * ROW_HEIGHT;
  const ticks = Array.from({ length: TICKS + 1 }, (_, i) => {
    const at = x((durationMs * i) / TICKS);
    return `<line class="axis" x1="${at}" y1="0" x2="${at}" y2="${height}"/><text class="figure" x="${at}" y="${height + 18}">${escapeHtml(renderDuration((durationMs * i) / TICKS))}</text>`;
  });
  const rows = timed.map((move, i) => {
    const { startMs, forecast: { durationMs: takesMs, downtimeMs }, to } = move;
    const colour = Math.max(0, nodes.findIndex(({ node }) => node === to)) % 6;
    const [from, until] = [x(startMs), x(startMs + takesMs)];
    const told = `${guestName(move)} ${move.name} to ${to}: ${renderDuration(takesMs)}, away for ${renderDuration(downtimeMs)}`;
    const y = i * ROW_HEIGHT;
    const away = Math.max(1, round((downtimeMs / Math.max(1, durationMs)) * CHART_WIDTH));
    return (
      `<text x="0" y="${y + 15}">${escapeHtml(`${guestName(move)} → ${to}`)}</text>` +
      `<rect class="span s${colour}" x="${from}" y="${y + 4}" width="${Math.max(1, round(until - from))}" height="14" rx="3"><title>${escapeHtml(told)}</title></rect>` +
      `<rect class="away" x="${round(until - away)}" y="${y + 16}" width="${away}" height="3"/>`
    );
  });
  return picture('When each guest moves', height + AXIS_HEIGHT, [...ticks, ...rows].join(''));
}

const BAR_HEIGHT = 12;

/** Memory of every node before, during and after, under each other. */
export function nodesSvg(nodes: readonly NodeUse[]): string {
  if (nodes.length === 0) return '';
  const group = NODE_TIMES.length * (BAR_HEIGHT + 2) + 12;
  const rows = nodes.map((node, i) => `<text x="0" y="${i * group + 14}">${escapeHtml(node.node)}</text>${NODE_TIMES.map((time, k) => {
    const load = loadOf(node, node[time]);
    const y = i * group + k * (BAR_HEIGHT + 2) + 4;
    const told = `${time}: ${load} %, ${useText(node, time)}`;
    return `<rect class="bar" x="${LABEL_WIDTH}" y="${y}" width="${CHART_WIDTH}" height="${BAR_HEIGHT}"/>` +
      `<rect class="s${k}" x="${LABEL_WIDTH}" y="${y}" width="${round((load / 100) * CHART_WIDTH)}" height="${BAR_HEIGHT}"><title>${escapeHtml(told)}</title></rect>` +
      `<text class="figure" x="${LABEL_WIDTH + CHART_WIDTH + 6}" y="${y + 11}">${escapeHtml(`${load} % ${time}`)}</text>`;
  }).join('')}`);
  return picture('Memory of each node', nodes.length * group, rows.join(''));
}

const round = (value: number): number => Math.round(value * 10) / 10;
