import { ApplicationFailure, CancelledFailure, WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import { explainFailure } from '../outcome.js';

/** How a run ended: with its report, or without one. */
export type RunEnding<R> = { readonly kind: 'report'; readonly report: R } | { readonly kind: 'no-report'; readonly code: string; readonly sentence: string };

/** Waits for the end of an evacuation, of coming home, or of a roll. */
export async function awaitRunEnding<R>(handle: WorkflowHandle): Promise<RunEnding<R>> {
  try {
    return { kind: 'report', report: (await handle.result()) as R };
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    const { cause } = error;
    const report: unknown = cause instanceof ApplicationFailure ? cause.details?.[0] : cause instanceof CancelledFailure ? (await handle.describe()).memo?.['report'] : undefined;
    if (typeof report === 'object' && report !== null && 'outcome' in report) return { kind: 'report', report: report as R };
    return { kind: 'no-report', ...explainFailure(cause) };
  }
}
