import { ApplicationFailure, CancelledFailure, ChildWorkflowFailure, isCancellation } from '@temporalio/workflow';
import type { FollowedEnd } from '../../domain/contracts/evacuation-activities.js';
import type { MigrationReport } from '../../domain/contracts/report.js';
import { ERROR_CODES, messageOf, type ErrorCode } from '../../domain/errors.js';
import type { MoveEnding } from '../../domain/evacuation/judge-move.js';
import { codeOf } from '../failures.js';

export const endingOfResult = (result: unknown): MoveEnding => ({ report: reportIn([result]), code: 'Internal', sentence: 'its migration ended without a report' });

/** Of a child that failed, or of anything that kept it from being watched. */
export function endingOfFailure(error: unknown): MoveEnding {
  const cause = error instanceof ChildWorkflowFailure ? (error.cause ?? error) : error;
  const details = cause instanceof ApplicationFailure || cause instanceof CancelledFailure ? (cause.details ?? []) : [];
  return { report: reportIn(details), code: isCancellation(error) ? 'Cancelled' : codeOf(cause), sentence: messageOf(cause) };
}

/** null: there was no migration to watch, so the guest was not moved. */
export function endingOfFollowed(end: FollowedEnd | null): MoveEnding {
  if (end === null) return { report: null, code: 'Internal', sentence: 'its migration can not be found any more' };
  return { report: reportIn([end.report]), code: end.code in ERROR_CODES ? (end.code as ErrorCode) : 'Internal', sentence: end.sentence };
}

function reportIn(details: readonly unknown[]): MigrationReport | null {
  const found = details.find((detail) => typeof detail === 'object' && detail !== null && 'outcome' in detail && 'target' in detail);
  return (found as MigrationReport | undefined) ?? null;
}
