import type { EvacuationOutcome, EvacuationReport } from '../../contracts/evacuation-report.js';
import { remainsOf } from '../../evacuation/conclude.js';
import { escapeHtml, htmlList, htmlPage, htmlSection, htmlTable } from '../html.js';
import { GUEST_COLUMNS, evacuationFacts, evacuationSentence, guestCells } from './rows.js';
import { evacuationTimeline } from './timeline-svg.js';

/** The colour of a heading, in the words of a migration's. */
const TONES: Readonly<Record<EvacuationOutcome, string>> = {
  empty: 'migrated', home: 'migrated', planned: 'migrated', stopped: 'cancelled', cancelled: 'cancelled', 'not-empty': 'refused', 'not-home': 'refused',
};

/** The report as one page that needs nothing else. Every text in it is escaped. */
export function renderEvacuationHtml(report: EvacuationReport): string {
  const timeline = evacuationTimeline(report.guests, Date.parse(report.startedAt), Date.parse(report.endedAt));
  const guests = report.guests.length === 0 ? '' : `<div class="wide">${htmlTable(GUEST_COLUMNS, report.guests.map(guestCells))}</div>`;
  return htmlPage({
    title: evacuationSentence(report), outcome: TONES[report.outcome], facts: evacuationFacts(report),
    sections: [
      htmlSection('When each guest moved', timeline),
      htmlSection('Guests', guests),
      htmlSection('Still there, says the node', htmlList('ul', remainsOf(report.remains).map(escapeHtml))),
      htmlSection('Said while it ran', htmlList('ul', report.actions.map(({ at, by, what }) => escapeHtml(`${at} ${by}: ${what}`)))),
      htmlSection('Incidents', htmlList('ul', report.incidents.map(escapeHtml))),
    ],
  });
}
