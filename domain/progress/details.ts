import type { LiveFigures, MigrationProgress } from '../contracts/progress.js';
import { percentOf, renderBytes, renderDuration, renderRate } from '../units.js';
import { adviceFor, whatHappens } from './phases.js';
import { cutTo, plainMarkdown } from './markdown.js';

/** The UI puts the text into a URL; proxies cut those at some kilobytes. */
export const MAX_DETAILS_BYTES = 2000;
const LONGEST_TEXT = 260;
/** It ends with what an operator has to check, and the command. */
const LONGEST_WAIT = 700;

/**
 * The "Current Details" of a migration in the Temporal UI: what is happening, the figures, what can be done now. Markdown
 * with one table, less than 2 kB.
 */
export function renderCurrentDetails(progress: MigrationProgress): string {
  const { vmid, source, target, phase, detail, waitingFor } = progress;
  const route = source === null ? `to ${target}` : `${source} → ${target}`;
  const lines = [`### Guest ${vmid}: ${plainMarkdown(cutTo(route, 120))}`, '', `**${whatHappens(phase)}**${detail === '' ? '' : `: ${text(detail)}`}`];
  if (waitingFor !== null) lines.push('', `**Waiting for** ${plainMarkdown(cutTo(waitingFor, LONGEST_WAIT))}`);
  lines.push('', ...figuresTable(progress));
  lines.push(`**You can now:** ${adviceFor(phase, vmid)}`);
  return cutTo(lines.join('\n'), MAX_DETAILS_BYTES);
}

/** `precopy, round 3  [████████████░░░░░░░░]  62 %  194.0 MiB left of 512.0 MiB  98.1 MiB/s  guest writes 20.0 MiB/s  ETA 3.0 s`. */
export function renderProgressLine(figures: LiveFigures): string {
  const { phase, round, doneBytes, totalBytes, remainingBytes, rateBytesPerSecond, dirtyBytesPerSecond, etaSeconds } = figures;
  const percent = percentOf(doneBytes, totalBytes);
  const parts = [
    round > 0 ? `${phase}, round ${round}` : phase,
    `[${bar(percent)}] ${String(percent).padStart(3)} %`,
    `${renderBytes(remainingBytes)} left of ${renderBytes(totalBytes)}`,
    renderRate(rateBytesPerSecond),
  ];
  if (dirtyBytesPerSecond > 0) parts.push(`guest writes ${renderRate(dirtyBytesPerSecond)}`);
  if (etaSeconds !== null) parts.push(`ETA ${renderDuration(etaSeconds * 1000)}`);
  return parts.join('  ');
}

/** Cells are padded by hand: the UI sets table columns side by side without a gap. */
function figuresTable({ lastSample, lastStep }: MigrationProgress): string[] {
  if (lastSample === null) return [];
  const rows = [
    ['memory left', `${renderBytes(lastSample.remainingBytes)} of ${renderBytes(lastSample.totalBytes)}`],
    ['sent', renderBytes(lastSample.transferredBytes)],
    ['copied at', renderRate(lastSample.bandwidthBytesPerSecond)],
    ['guest writes', renderRate(lastSample.dirtyBytesPerSecond)],
    ['expected downtime', `${renderDuration(lastSample.expectedDowntimeMs)}, allowed ${renderDuration(lastSample.downtimeLimitMs)}`],
    ['guest slowed by', `${lastSample.cpuThrottlePercent} %`],
    ...(lastStep === null ? [] : [['decision', `${lastStep.action}: ${text(lastStep.reason)}`]]),
  ];
  const body = rows.map(([name, value]) => `| ${name}&emsp; | ${value} |`);
  return [`| round ${lastSample.round}&emsp; | ${renderDuration(lastSample.elapsedMs)} |`, '| :-- | :-- |', ...body, ''];
}

const text = (value: string): string => plainMarkdown(cutTo(value, LONGEST_TEXT));

const BAR_WIDTH = 20;
const bar = (percent: number): string => {
  const filled = Math.floor((percent / 100) * BAR_WIDTH);
  return '█'.repeat(filled) + '░'.repeat(BAR_WIDTH - filled);
};
