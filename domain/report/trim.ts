import type { MigrationReport } from '../contracts/report.js';

const FIRST = 3;
const LAST = 12;
const INCIDENTS = 20;

/** The report without what makes it long, for the workflow's memo: some kilobytes, readable as long as the run is kept, without any worker. */
export function trimReport(report: MigrationReport): MigrationReport {
  const { rounds, incidents } = report;
  return {
    ...report,
    rounds: rounds.length <= FIRST + LAST ? rounds : [...rounds.slice(0, FIRST), ...rounds.slice(-LAST)],
    incidents: incidents.slice(-INCIDENTS),
  };
}
