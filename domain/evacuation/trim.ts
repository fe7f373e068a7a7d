import type { EvacuationReport } from '../contracts/evacuation-report.js';

const GUESTS = 50;
const LINES = 20;

/** The report without what makes it long, for the workflow's memo: guests that need somebody come first. */
export function trimEvacuationReport(report: EvacuationReport): EvacuationReport {
  const { guests, incidents, actions } = report;
  const isFine = (state: string): number => (state === 'moved' || state === 'gone' ? 1 : 0);
  return {
    ...report,
    plan: null,
    guests: [...guests].sort((a, b) => isFine(a.state) - isFine(b.state)).slice(0, GUESTS),
    incidents: incidents.slice(-LINES),
    actions: actions.slice(-LINES),
  };
}
