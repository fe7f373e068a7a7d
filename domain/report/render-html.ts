import type { MigrationReport } from '../contracts/report.js';
import { renderBytes, renderDuration } from '../units.js';
import { escapeHtml, htmlList, htmlPage, htmlSection, htmlTable } from './html.js';
import { headFacts, outcomeSentence } from './outcome.js';
import { ROUND_COLUMNS, roundCells } from './rounds.js';
import { roundsSvg, spansSvg } from './svg.js';
import { blackoutSpans } from './timeline.js';

/** The report as one page that needs nothing else: no script, no font, no link. Every text in it is escaped. */
export function renderReportHtml(report: MigrationReport): string {
  return htmlPage({
    title: outcomeSentence(report),
    outcome: report.outcome,
    facts: headFacts(report),
    sections: [
      htmlSection('Refusals', htmlList('ol', report.refusals.map(refusalHtml))),
      htmlSection('Phases', spansSvg('Phases', report.phases.map(({ phase, elapsedMs }) => ({ label: phase, elapsedMs })))),
      htmlSection('Rounds of memory', roundsHtml(report)),
      htmlSection('Blackout', blackoutHtml(report)),
      htmlSection('Transferred', report.bytes === null ? '' : htmlTable([], [['RAM', renderBytes(report.bytes.ram)], ['Disks', renderBytes(report.bytes.disks)]])),
      htmlSection('Incidents', htmlList('ul', report.incidents.map(escapeHtml))),
      htmlSection('Warnings', htmlList('ul', report.warnings.map(escapeHtml))),
    ],
  });
}

/** One reason with its remedy. */
export const refusalHtml = ({ code, sentence, remedy }: MigrationReport['refusals'][number]): string =>
  `${escapeHtml(sentence)} <code>${escapeHtml(code)}</code>${remedy === '' ? '' : `<br><span class="remedy">${escapeHtml(remedy)}</span>`}`;

function roundsHtml({ rounds }: MigrationReport): string {
  if (rounds.length === 0) return '';
  const rows = rounds.map((record) => [...roundCells(record), record.step.reason]);
  return `${roundsSvg(rounds)}<div class="wide">${htmlTable([...ROUND_COLUMNS, 'Reason'], rows)}</div>`;
}

function blackoutHtml({ blackout, qemuDowntimeMs }: MigrationReport): string {
  const figures = [
    ...(blackout === null ? [] : [['Guest stood still', renderDuration(blackout.totalMs)]]),
    ...(qemuDowntimeMs === null ? [] : [["QEMU's own downtime", renderDuration(qemuDowntimeMs)]]),
  ];
  if (figures.length === 0) return '';
  return htmlTable([], figures) + (blackout === null ? '' : spansSvg('Blackout', blackoutSpans(blackout)));
}
