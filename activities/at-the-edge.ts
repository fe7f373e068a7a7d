import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { Context } from '@temporalio/activity';
import { MigrationError, messageOf } from '../domain/errors.js';

/**
 * The one place where errors cross into Temporal: the code becomes the failure's type, the facts its details.
 * `never` and `operator` are not retried: asking again can't help. A cancelled wait ends as a cancellation.
 */
export function toFailure(error: unknown): Error {
  if (error instanceof ApplicationFailure || error instanceof CancelledFailure) return error;
  if (error instanceof MigrationError) {
    if (error.code === 'Cancelled') return new CancelledFailure(error.message);
    const nonRetryable = error.retry === 'never' || error.retry === 'operator' || error.retry === 'elsewhere';
    return ApplicationFailure.create({ type: error.code, message: error.message, nonRetryable, details: [error.facts] });
  }
  if (error instanceof Error && error.name === 'AbortError') return new CancelledFailure(error.message);
  return ApplicationFailure.create({ type: 'Internal', message: messageOf(error), nonRetryable: false });
}

/**
 * Wraps every activity of a set: heartbeats while it lasts, then error mapping. What is done at once sends none: the server writes each
 * one down, and counts an attempt's silence from its start anyway.
 * `onOrphaned` is told of an attempt whose workflow is closed, or that another attempt has replaced.
 */
export function atTheEdge<T extends object>(activities: T, onOrphaned: (input: unknown) => void = () => undefined): T {
  const wrapped = Object.entries(activities).map(([name, activity]) => [name, async (...inputs: unknown[]): Promise<unknown> => {
    const beat = (): void => {
      Context.current().heartbeat(lastDetails.get(Context.current()));
      next = setTimeout(beat, BEAT_MS);
    };
    let next = setTimeout(beat, FIRST_BEAT_MS);
    try {
      return await (activity as (...inputs: unknown[]) => Promise<unknown>)(...inputs);
    } catch (error) {
      throw toFailure(error);
    } finally {
      clearTimeout(next);
      if (Context.current().cancellationDetails?.notFound === true) onOrphaned(inputs[0]);
    }
  }]);
  return Object.fromEntries(wrapped) as T;
}

/** Shows figures with the next heartbeats of the running activity. */
export function beatWith(details: unknown): void {
  const context = Context.current();
  lastDetails.set(context, details);
  context.heartbeat(details);
}

/** Shows `details` with each heartbeat while `work` is under way; null: nothing to show. */
export async function whileTelling<T>(details: () => object | null, work: () => Promise<T>): Promise<T> {
  const context = Context.current();
  const timer = setInterval(() => lastDetails.set(context, details() ?? undefined), BEAT_MS);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}

/** Fires when the workflow cancels this activity, or the worker lets go of it. */
export const cancellationSignal = (): AbortSignal => Context.current().cancellationSignal;

/** Ends with the work, or with this attempt; `callOff` is for a cancellation that the workflow asked for, and the work is then waited for. */
export async function whenCancelled<T>(work: Promise<T>, callOff: () => void): Promise<T> {
  const { cancelled } = Context.current();
  const over = cancelled.catch((error: unknown) => {
    if (Context.current().cancellationDetails?.cancelRequested !== true) throw error;
    callOff();
    return work;
  });
  return Promise.race([work, over]);
}

const FIRST_BEAT_MS = 300;
const BEAT_MS = 1000;
const lastDetails = new WeakMap<Context, unknown>();
