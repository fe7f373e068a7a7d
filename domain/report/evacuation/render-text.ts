import type { EvacuationReport } from '../../contracts/evacuation-report.js';
import { remainsOf } from '../../evacuation/conclude.js';
import { alignColumns } from '../align.js';
import { GUEST_COLUMNS, evacuationFacts, evacuationSentence, guestCells } from './rows.js';

/** The report of an evacuation for a terminal or a log. */
export function renderEvacuationReport(report: EvacuationReport): string {
  const remains = remainsOf(report.remains);
  return [
    evacuationSentence(report), '',
    ...alignColumns(evacuationFacts(report).map(([label, value]) => [`${label}:`, value])),
    ...section('Guests', report.guests.length === 0 ? [] : alignColumns([GUEST_COLUMNS, ...report.guests.map(guestCells)])),
    ...section('Still there, says the node', remains),
    ...section('Said while it ran', report.actions.map(({ at, by, what }) => `${at} ${by}: ${what}`)),
    ...section('Incidents', report.incidents),
  ].join('\n');
}

const section = (title: string, lines: readonly string[]): string[] => (lines.length === 0 ? [] : ['', `${title}:`, ...lines.map((line) => `  ${line}`)]);
