import { ApplicationFailure, CancelledFailure, TerminatedFailure, TimeoutFailure, WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import type { MigrationReport } from '../../domain/contracts/report.js';
import { messageOf } from '../../domain/errors.js';

/** How a closed run ended. */
export type Ending =
  | { readonly kind: 'report'; readonly report: MigrationReport }
  /** It left no report: bad input, terminated by hand, a bug. */
  | { readonly kind: 'no-report'; readonly code: string; readonly sentence: string };

/** Waits for the end of the run. A failed migration carries its report in the failure's details. */
export async function awaitEnding(handle: WorkflowHandle): Promise<Ending> {
  try {
    const result: unknown = await handle.result();
    if (isReport(result)) return { kind: 'report', report: result };
    return { kind: 'no-report', code: 'Internal', sentence: 'the migration ended without a report' };
  } catch (error) {
    if (error instanceof WorkflowFailedError) return endingOfFailure(error.cause);
    throw error;
  }
}

export function endingOfFailure(cause: unknown): Ending {
  for (let failure = cause; failure instanceof Error; failure = failure.cause) {
    const report = detailsOf(failure).find(isReport);
    if (report !== undefined) return { kind: 'report', report };
  }
  if (cause instanceof TerminatedFailure) {
    return {
      kind: 'no-report',
      code: 'Terminated',
      sentence: 'the workflow was terminated by hand, without a rollback; the node agents settle what is left of it',
    };
  }
  return { kind: 'no-report', code: codeOf(cause), sentence: messageOf(cause) };
}

function codeOf(cause: unknown): string {
  if (cause instanceof ApplicationFailure && typeof cause.type === 'string' && cause.type !== '') return cause.type;
  if (cause instanceof CancelledFailure) return 'Cancelled';
  return cause instanceof TimeoutFailure ? 'Timeout' : 'Internal';
}

function isReport(value: unknown): value is MigrationReport {
  return typeof value === 'object' && value !== null && 'outcome' in value && 'phases' in value && 'vmid' in value;
}

function detailsOf(failure: Error): readonly unknown[] {
  const details = (failure as { details?: unknown }).details;
  return Array.isArray(details) ? details : [];
}
