import { ApplicationFailure, CancelledFailure, TerminatedFailure, TimeoutFailure, WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import type { MigrationReport } from '../../domain/contracts/report.js';
import type { MigrationProgress } from '../../domain/contracts/progress.js';
import { messageOf } from '../../domain/errors.js';
import { PROGRESS_QUERY } from './names.js';

const QUERY_DEADLINE_MS = 2000;
const CANCELLED = 'cancelled; it left no report';

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
    if (result === null) return { kind: 'no-report', code: 'NothingLeft', sentence: 'nothing was left to settle' };
    return { kind: 'no-report', code: 'Internal', sentence: 'the migration ended without a report' };
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    const ending = endingOfFailure(error.cause);
    return ending.kind === 'no-report' && error.cause instanceof CancelledFailure ? endingOfCancelled(handle) : ending;
  }
}

/** A cancelled run ends without a result and the server drops the failure's details: its report is in the memo, else a worker is asked. */
async function endingOfCancelled(handle: WorkflowHandle): Promise<Ending> {
  const report = (await handle.describe()).memo?.['report'];
  if (isReport(report)) return { kind: 'report', report };
  const deadline = Date.now() + QUERY_DEADLINE_MS;
  const progress = await handle.client.withDeadline(deadline, () => handle.query<MigrationProgress>(PROGRESS_QUERY)).catch(() => null);
  if (isReport(progress?.report)) return { kind: 'report', report: progress.report };
  return { kind: 'no-report', code: 'Cancelled', sentence: progress?.phase === 'validating' || progress?.phase === 'queued' ? 'cancelled before anything was touched' : CANCELLED };
}

export function endingOfFailure(cause: unknown): Ending {
  const chain = causeChain(cause);
  const report = chain.flatMap(detailsOf).find(isReport);
  if (report !== undefined) return { kind: 'report', report };
  if (cause instanceof TerminatedFailure) {
    return {
      kind: 'no-report',
      code: 'Terminated',
      sentence: 'the workflow was terminated by hand; what it left is undone or finished by itself within minutes, at once with `ferry reconcile`',
    };
  }
  return { kind: 'no-report', ...explainFailure(cause) };
}

/** The error code and the sentence of what really went wrong: an activity's failure is wrapped in the workflow's. */
export function explainFailure(cause: unknown): { readonly code: string; readonly sentence: string } {
  const chain = causeChain(cause);
  const own = chain.find((failure): failure is ApplicationFailure => failure instanceof ApplicationFailure && Boolean(failure.type));
  if (own !== undefined) return { code: own.type ?? 'Internal', sentence: own.message };
  if (chain.some((failure) => failure instanceof CancelledFailure)) return { code: 'Cancelled', sentence: CANCELLED };
  const root = chain.at(-1) ?? cause;
  return { code: root instanceof TimeoutFailure ? 'Timeout' : 'Internal', sentence: messageOf(root) };
}

function causeChain(cause: unknown): readonly Error[] {
  const chain: Error[] = [];
  for (let failure = cause; failure instanceof Error; failure = failure.cause) chain.push(failure);
  return chain;
}

function isReport(value: unknown): value is MigrationReport {
  return typeof value === 'object' && value !== null && 'outcome' in value && 'phases' in value && 'vmid' in value;
}

function detailsOf(failure: Error): readonly unknown[] {
  const details = (failure as { details?: unknown }).details;
  return Array.isArray(details) ? details : [];
}
