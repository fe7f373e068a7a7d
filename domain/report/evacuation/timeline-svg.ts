import type { EvacuatedGuest } from '../../contracts/evacuation-progress.js';
import { renderDuration } from '../../units.js';
import { escapeHtml } from '../html.js';

const WIDTH = 960;
const LABEL = 200;
const CHART = WIDTH - LABEL - 90;
const ROW = 20;

/** Every guest's way as a bar at its time, its stand still marked at the end; empty when nobody has moved. */
export function evacuationTimeline(guests: readonly EvacuatedGuest[], startedAtMs: number, endedAtMs: number): string {
  const rows = guests.filter((guest) => guest.startedAtMs !== null && guest.endedAtMs !== null).sort((a, b) => (a.startedAtMs ?? 0) - (b.startedAtMs ?? 0));
  if (rows.length === 0) return '';
  const spanMs = Math.max(1, endedAtMs - startedAtMs);
  const x = (atMs: number): number => LABEL + Math.round(((atMs - startedAtMs) / spanMs) * CHART);
  const bars = rows.map(({ vmid, name, state, to, startedAtMs: from, endedAtMs: until, downtimeMs, unhealthy }, index) => {
    const y = index * ROW;
    const [left, right] = [x(from ?? 0), x(until ?? 0)];
    const length = Math.max(2, right - left);
    const still = downtimeMs === null ? 0 : Math.min(length, Math.max(2, Math.round((downtimeMs / spanMs) * CHART)));
    const tone = state === 'moved' && unhealthy === undefined ? 's1' : state === 'failed' ? 's4' : 's3';
    const took = renderDuration((until ?? 0) - (from ?? 0));
    const title = `${vmid} ${name} → ${to ?? '-'}: ${state}, ${took}${downtimeMs === null ? '' : `, stood still for ${renderDuration(downtimeMs)}`}`;
    return (
      `<text x="0" y="${y + 14}">${escapeHtml(`${vmid} ${name} → ${to ?? '-'}`.slice(0, 28))}</text>` +
      `<rect class="span ${tone}" x="${left}" y="${y + 4}" width="${length}" height="12" rx="2"><title>${escapeHtml(title)}</title></rect>` +
      (still === 0 ? '' : `<rect class="span s4" x="${left + length - still}" y="${y + 4}" width="${still}" height="12"><title>${escapeHtml(title)}</title></rect>`) +
      `<text class="figure" x="${left + length + 6}" y="${y + 14}">${escapeHtml(took)}</text>`
    );
  });
  const bottom = rows.length * ROW + 4;
  const axis =
    `<line class="axis" x1="${LABEL}" y1="${bottom}" x2="${LABEL + CHART}" y2="${bottom}"/>` +
    `<text class="figure" x="${LABEL}" y="${bottom + 16}">0</text><text class="figure" x="${LABEL + CHART}" y="${bottom + 16}">${escapeHtml(renderDuration(spanMs))}</text>`;
  return `<svg viewBox="0 0 ${WIDTH} ${bottom + 24}" role="img" aria-label="When each guest moved">${bars.join('')}${axis}</svg>`;
}
