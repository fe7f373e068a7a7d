import { ActivityFailure, ApplicationFailure, TimeoutFailure, isCancellation } from '@temporalio/workflow';
import { ERROR_CODES, MigrationError, messageOf, type ErrorCode } from '../domain/errors.js';

/** Where something was asked for: `pve1 (vm 101)`. */
export interface Place {
  readonly step: string;
  readonly where: string;
}

/** An activity's failure as one `ApplicationFailure` whose type is our error code; a cancellation stays what it is. */
export function explain(error: unknown, place: Place): unknown {
  if (isCancellation(error) || !(error instanceof ActivityFailure)) return error;
  const { cause } = error;
  if (cause instanceof TimeoutFailure) return failure('NodeUnreachable', timeoutSentence(cause, place), error);
  if (cause instanceof ApplicationFailure) {
    return ApplicationFailure.create({ type: codeOf(cause), message: cause.message, details: cause.details ?? [], nonRetryable: true, cause: error });
  }
  return failure('Internal', `${place.step} failed: ${place.where}: ${messageOf(cause ?? error)}`, error);
}

/** The error code of anything thrown in a workflow. */
export function codeOf(error: unknown): ErrorCode {
  if (isCancellation(error)) return 'Cancelled';
  if (error instanceof MigrationError) return error.code;
  const type = error instanceof ApplicationFailure ? error.type : null;
  return type !== null && type !== undefined && type in ERROR_CODES ? (type as ErrorCode) : 'Internal';
}

/** The agent fell silent while it was at it: it may have been rebooted by what it did. */
export const fellSilent = (error: unknown): boolean => timeoutOf(error) === 'HEARTBEAT';

/** Nobody took the step. */
export const wasNotTaken = (error: unknown): boolean => timeoutOf(error) === 'SCHEDULE_TO_START';

export const failure = (code: ErrorCode, message: string, cause?: Error): ApplicationFailure =>
  ApplicationFailure.create({ type: code, message, nonRetryable: true, ...(cause === undefined ? {} : { cause }) });

function timeoutOf(error: unknown): TimeoutFailure['timeoutType'] | null {
  const failed = error instanceof ApplicationFailure ? error.cause : error;
  return failed instanceof ActivityFailure && failed.cause instanceof TimeoutFailure ? failed.cause.timeoutType : null;
}

function timeoutSentence({ timeoutType }: TimeoutFailure, { step, where }: Place): string {
  switch (timeoutType) {
    case 'SCHEDULE_TO_START':
      return `${step} failed: ${where}: nobody took the task, the agent is away`;
    case 'HEARTBEAT':
      return `${step} failed: ${where}: the agent fell silent`;
    default:
      return `${step} failed: ${where}: no answer in time`;
  }
}
