import { ApplicationFailure, CancelledFailure } from '@temporalio/workflow';
import type { EvacuationOutcome, EvacuationReport } from '../../domain/contracts/evacuation-report.js';

const GOOD: readonly EvacuationOutcome[] = ['empty', 'home', 'planned'];

/** The workflow's end: only what was asked for is a success; anything else is a failure with the report in its details. `cancelled`: by a cancellation of the workflow. */
export function endWith(report: EvacuationReport, cancelled: boolean): EvacuationReport {
  if (GOOD.includes(report.outcome)) return report;
  if (cancelled) throw new CancelledFailure(report.reason, [report]);
  throw ApplicationFailure.create({ type: report.outcome === 'cancelled' ? 'Cancelled' : 'NodeNotEmpty', message: report.reason, nonRetryable: true, details: [report] });
}
