import type { RoundRecord } from '../contracts/report.js';
import { renderBytes, renderDuration, renderRate } from '../units.js';
import { escapeHtml } from './html.js';
import { layOut, type Span } from './timeline.js';

const WIDTH = 960;
export const LABEL_WIDTH = 200;
export const CHART_WIDTH = WIDTH - LABEL_WIDTH - 90;
const ROW_HEIGHT = 24;

/** Spans under each other, each at its place in time. Empty for none. */
export function spansSvg(title: string, spans: readonly Span[]): string {
  if (spans.length === 0) return '';
  const rows = layOut(spans, CHART_WIDTH).map(({ label, elapsedMs, offset, length }, i) => {
    const y = i * ROW_HEIGHT;
    const x = LABEL_WIDTH + offset;
    const time = renderDuration(elapsedMs);
    return (
      `<text x="0" y="${y + 16}">${escapeHtml(label)}</text>` +
      `<rect class="span s${i % 6}" x="${x}" y="${y + 4}" width="${length}" height="16" rx="3"><title>${escapeHtml(`${label}: ${time}`)}</title></rect>` +
      `<text class="figure" x="${x + length + 6}" y="${y + 16}">${escapeHtml(time)}</text>`
    );
  });
  return picture(title, spans.length * ROW_HEIGHT, rows.join(''));
}

const PLOT_HEIGHT = 200;
const AXIS_HEIGHT = 24;

/** Memory over time: what remains, how fast it is copied and dirtied, and where something was decided. Empty for none. */
export function roundsSvg(rounds: readonly RoundRecord[]): string {
  const samples = rounds.map(({ sample }) => sample);
  if (samples.length === 0) return '';
  const endMs = Math.max(1, ...samples.map(({ elapsedMs }) => elapsedMs));
  const maxBytes = Math.max(1, ...samples.map(({ remainingBytes }) => remainingBytes));
  const maxRate = Math.max(1, ...samples.flatMap((s) => [s.bandwidthBytesPerSecond, s.dirtyBytesPerSecond]));
  const x = (elapsedMs: number): number => LABEL_WIDTH + round((elapsedMs / endMs) * CHART_WIDTH);
  const line = (name: string, values: readonly number[], max: number): string => {
    const points = values.map((value, i) => `${x(samples[i]?.elapsedMs ?? 0)},${y(value, max)}`).join(' ');
    return `<polyline class="line ${name}" points="${points}"/>`;
  };
  const marks = rounds.map(({ sample, step }) => {
    const text = escapeHtml(`round ${sample.round}, ${step.action}: ${step.reason}`);
    const at = `cx="${x(sample.elapsedMs)}" cy="${y(sample.remainingBytes, maxBytes)}"`;
    return `<circle class="mark ${step.action}" ${at} r="${step.action === 'continue' ? 3 : 5}"><title>${text}</title></circle>`;
  });
  const legend = [
    `<text class="remaining" x="0" y="16">remaining, up to ${renderBytes(maxBytes)}</text>`,
    `<text class="copied" x="0" y="36">copied, up to ${renderRate(maxRate)}</text>`,
    '<text class="dirtied" x="0" y="56">dirtied, same scale</text>',
    `<text class="figure" x="${LABEL_WIDTH}" y="${PLOT_HEIGHT + 18}">0</text>`,
    `<text class="figure" x="${LABEL_WIDTH + CHART_WIDTH}" y="${PLOT_HEIGHT + 18}">${renderDuration(endMs)}</text>`,
    `<line class="axis" x1="${LABEL_WIDTH}" y1="${PLOT_HEIGHT}" x2="${LABEL_WIDTH + CHART_WIDTH}" y2="${PLOT_HEIGHT}"/>`,
  ];
  const lines = [
    line('copied', samples.map((s) => s.bandwidthBytesPerSecond), maxRate),
    line('dirtied', samples.map((s) => s.dirtyBytesPerSecond), maxRate),
    line('remaining', samples.map((s) => s.remainingBytes), maxBytes),
  ];
  return picture('Rounds of memory', PLOT_HEIGHT + AXIS_HEIGHT, [...legend, ...lines, ...marks].join(''));
}

const y = (value: number, max: number): number => round(PLOT_HEIGHT - (value / max) * (PLOT_HEIGHT - 10));
const round = (value: number): number => Math.round(value * 10) / 10;

/** A picture as wide as the page's text. `body` is trusted already. */
export const picture = (title: string, height: number, body: string): string =>
  `<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escapeHtml(title)}">${body}</svg>`;
