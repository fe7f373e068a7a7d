import { CancelledFailure, ApplicationFailure } from '@temporalio/workflow';
import { messageOf } from '../../domain/errors.js';
import { codeOf } from '../failures.js';
import { buildReport } from '../report.js';
import type { MigrationRun } from '../run.js';

/**
 * Undoes everything, last step first, and ends the workflow with the original failure. Each undo persists by itself; one
 * that gives up all the same (a newer migration owns the guest there) is an incident and keeps none of the others from running.
 */
export async function rollBack(run: MigrationRun, cause: unknown, cancelled: boolean): Promise<never> {
  const { state, saga, plan } = run;
  const reason = cancelled ? `cancelled in phase ${state.phase}` : messageOf(cause);
  const untouched = codeOf(cause) === 'GuestLocked';
  state.enter('rollingBack', reason);
  const left = await saga.rollback(() => Promise.resolve('give-up'));
  for (const { label, error } of left) state.incident(`${label}: ${messageOf(error)}`);
  const outcome = cancelled ? 'cancelled' : untouched ? 'refused' : 'rolled-back';
  const report = buildReport(run, outcome, reason);
  state.finish(untouched ? 'refused' : 'rolledBack', report);
  if (cancelled) throw new CancelledFailure(`migration of vm ${plan.vmid} cancelled: the guest runs on ${plan.source}`, [report]);
  throw ApplicationFailure.create({ type: codeOf(cause), message: reason, nonRetryable: true, details: [report] });
}
