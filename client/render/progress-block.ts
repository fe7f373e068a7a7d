import { renderBytes, renderDuration, renderRate } from '../../domain/units.js';
import { fractionOf, type ProgressView } from '../view.js';

/** The block a terminal shows while a migration runs: where it is, a bar, the figures, what is waited for. */
export function renderProgressBlock(view: ProgressView, elapsedMs: number, columns: number | undefined): string {
  const lines = [headLine(view, elapsedMs), ...barLine(view, columns), ...figuresLine(view)];
  if (view.decision !== null && view.phase === 'precopy') lines.push(`  ${view.decision}`);
  if (view.waitingFor !== null) lines.push(...wrap(`waiting for ${view.waitingFor}`, columns).map((line) => `  ${line}`));
  return lines.map((line) => cut(line, columns)).join('\n');
}

/** `[██████░░░░]`. */
export function renderBar(fraction: number, width: number): string {
  const full = Math.round(Math.min(1, Math.max(0, fraction)) * width);
  return `[${'█'.repeat(full)}${'░'.repeat(width - full)}]`;
}

function headLine(view: ProgressView, elapsedMs: number): string {
  const guest = view.vmid === null ? 'guest' : `guest ${view.vmid}`;
  const route = view.target === null ? '' : `  ${view.source ?? '?'} → ${view.target}`;
  const detail = view.detail === '' ? '' : `: ${view.detail}`;
  return `${guest}${route}  ${view.phase ?? 'starting'}${detail}  (${renderDuration(Math.floor(elapsedMs / 1000) * 1000)})`;
}

function barLine(view: ProgressView, columns: number | undefined): string[] {
  const fraction = fractionOf(view);
  if (fraction === null) return [];
  const round = view.round > 0 ? `  round ${view.round}` : '';
  const eta = view.etaSeconds === null ? '' : `  ETA ${renderDuration(Math.round(view.etaSeconds) * 1000)}`;
  return [`  ${renderBar(fraction, barWidth(columns))} ${String(Math.floor(fraction * 100)).padStart(3)} %${round}${eta}`];
}

function figuresLine(view: ProgressView): string[] {
  if (view.totalBytes <= 0) return [];
  const parts = [`remaining ${renderBytes(view.remainingBytes)} of ${renderBytes(view.totalBytes)}`, renderRate(view.rateBytesPerSecond)];
  if (view.dirtyBytesPerSecond > 0) parts.push(`guest writes ${renderRate(view.dirtyBytesPerSecond)}`);
  if (view.downtimeLimitMs !== null) parts.push(`downtime ${renderDuration(view.expectedDowntimeMs ?? 0)} expected, ${renderDuration(view.downtimeLimitMs)} allowed`);
  if (view.cpuThrottlePercent > 0) parts.push(`slowed by ${view.cpuThrottlePercent} %`);
  return [`  ${parts.join(' · ')}`];
}

/** As wide as the terminal allows, between 10 and 40 characters. */
const barWidth = (columns: number | undefined): number => Math.min(40, Math.max(10, (columns ?? 80) - 40));

/** What is waited for ends with what an operator has to do: none of it may be cut off. */
function wrap(sentence: string, columns = 80): string[] {
  const width = Math.max(20, columns - 2);
  const lines: string[] = [];
  for (const word of sentence.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

/** A line that wraps would make the block jump. */
const cut = (line: string, columns = 80): string => (line.length <= columns ? line : `${line.slice(0, Math.max(1, columns - 1))}…`);
