import type { Refusal } from '../contracts/plan.js';
import { COMPARED, type VolumeSync } from '../contracts/cold.js';
import type { MigrationReport, RoundRecord } from '../contracts/report.js';
import { renderBytes, renderDuration, renderRate } from '../units.js';
import { alignColumns } from './align.js';
import { headFacts, outcomeSentence } from './outcome.js';
import { ROUND_COLUMNS, roundCells, selectRounds } from './rounds.js';
import { blackoutSpans, downtimeSpans, layOut, type Span } from './timeline.js';

const BAR_WIDTH = 40;

/** The operator's final report, for a terminal: plain text, no colours, ends without a line break. */
export function renderReport(report: MigrationReport): string {
  const sections: [string, string[]][] = [
    [outcomeSentence(report), alignColumns(headFacts(report))],
    ['Refusals', renderRefusals(report.refusals)],
    ['Phases', renderSpans(report.phases.map(({ phase, elapsedMs }) => ({ label: phase, elapsedMs })))],
    ['Rounds of memory', renderRounds(report.rounds)],
    ['Transferred', report.volumes === undefined ? renderTransferred(report) : renderVolumes(report.volumes)],
    [blackoutTitle(report), report.blackout === null ? [] : renderSpans(blackoutSpans(report.blackout))],
    [`Downtime${report.downtime ? ` ${renderDuration(report.downtime.totalMs)}` : ''}`, report.downtime ? renderSpans(downtimeSpans(report.downtime)) : []],
    ['Incidents', report.incidents.map((incident) => `- ${incident}`)],
    ['Warnings', report.warnings.map((warning) => `- ${warning}`)],
  ];
  return sections
    .filter(([, lines]) => lines.length > 0)
    .map(([title, lines]) => [title, ...lines.map((line) => `  ${line}`)].join('\n'))
    .join('\n\n');
}

/** Numbered, each with its remedy; also what `ferry check` prints. */
export function renderRefusals(refusals: readonly Refusal[]): string[] {
  return refusals.flatMap(({ code, sentence, remedy }, i) => [
    `${i + 1}. ${sentence} [${code}]`,
    ...(remedy === '' ? [] : [`   -> ${remedy}`]),
  ]);
}

function renderSpans(spans: readonly Span[]): string[] {
  const rows = layOut(spans, BAR_WIDTH).map(({ label, elapsedMs, offset, length }) => [
    label,
    renderDuration(elapsedMs),
    `|${' '.repeat(offset)}${'█'.repeat(length)}${' '.repeat(BAR_WIDTH - offset - length)}|`,
  ]);
  return alignColumns(rows, [1]);
}

function renderRounds(rounds: readonly RoundRecord[]): string[] {
  if (rounds.length === 0) return [];
  const shown = selectRounds(rounds);
  const cells = shown.flatMap((entry) => (entry.kind === 'round' ? [roundCells(entry.record)] : []));
  const [header, ...lines] = alignColumns([[...ROUND_COLUMNS], ...cells], [0, 1, 2, 3, 4, 5, 6]);
  const body = shown.flatMap((entry) => {
    if (entry.kind === 'gap') return [`… ${entry.count} more, all continue`];
    const line = lines.shift() ?? '';
    const { action, reason } = entry.record.step;
    return action === 'continue' ? [line] : [line, `       ${reason}`];
  });
  return [header ?? '', ...body];
}

function renderTransferred({ bytes, qemuTotalMs }: MigrationReport): string[] {
  if (bytes === null) return [];
  const rate = qemuTotalMs === null || qemuTotalMs <= 0 ? '' : `${renderRate((bytes.ram / qemuTotalMs) * 1000)} in ${renderDuration(qemuTotalMs)}`;
  return alignColumns([['RAM', renderBytes(bytes.ram), rate], ['disks', renderBytes(bytes.disks), '']], [1]);
}

/** Of a guest that stood still while it moved: what went over the wire, and what says that it arrived. */
function renderVolumes(volumes: readonly VolumeSync[]): string[] {
  if (volumes.length === 0) return ['nothing: every volume is on shared storage'];
  return alignColumns([
    ['volume', 'to', 'size', 'sent', 'rate', 'checked'],
    ...volumes.map(({ volid, targetVolid, sizeBytes, sentBytes, elapsedMs, digest }) => [
      volid, targetVolid === volid ? 'the same name' : targetVolid, renderBytes(sizeBytes), renderBytes(sentBytes),
      elapsedMs <= 0 ? '' : renderRate((sentBytes / elapsedMs) * 1000), digest === null ? 'no' : digest === COMPARED ? 'content compared' : `same on both nodes (${digest.slice(0, 16)}…)`,
    ]),
  ], [2, 3, 4]);
}

function blackoutTitle({ blackout, qemuDowntimeMs }: MigrationReport): string {
  const total = blackout === null ? '' : ` ${renderDuration(blackout.totalMs)}`;
  return `Blackout${total}${qemuDowntimeMs === null ? '' : ` (QEMU's own downtime ${renderDuration(qemuDowntimeMs)})`}`;
}
