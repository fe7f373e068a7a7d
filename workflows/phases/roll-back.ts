import { CancelledFailure, ApplicationFailure } from '@temporalio/workflow';
import { messageOf } from '../../domain/errors.js';
import type { MigrationReport } from '../../domain/contracts/report.js';
import { isCold } from '../../domain/contracts/plan.js';
import type { Phase } from '../../domain/contracts/phase.js';
import { codeOf } from '../failures.js';
import { LeftBehind } from '../persist.js';
import { buildReport } from '../report.js';
import type { MigrationRun } from '../run.js';

export interface Breakage {
  readonly cause: unknown;
  readonly cancelled: boolean;
  readonly phase: Phase;
}

/** Undoes everything and ends the workflow with the original failure. */
export async function rollBack(run: MigrationRun, breakage: Breakage): Promise<never> {
  const { report, guest } = await undo(run, breakage);
  if (breakage.cancelled) throw new CancelledFailure(`migration of vm ${run.plan.vmid} cancelled: ${guest}`, [report]);
  throw ApplicationFailure.create({ type: codeOf(breakage.cause), message: report.reason, nonRetryable: true, details: [report] });
}

/**
 * Undoes everything, last step first. Each undo persists by itself; one that gives up all the same (a newer migration owns
 * the guest there) is an incident and keeps none of the others from running. `guest`: what became of it.
 */
export async function undo(run: MigrationRun, { cause, cancelled, phase }: Breakage): Promise<{ readonly report: MigrationReport; readonly guest: string }> {
  const { state, saga } = run;
  const untouched = codeOf(cause) === 'GuestLocked';
  const begun = cancelled ? `cancelled in phase ${phase}` : messageOf(cause);
  state.enter('rollingBack', begun);
  const left = await saga.rollback(() => Promise.resolve('give-up'));
  for (const { label, error } of left) state.incident(error instanceof LeftBehind ? error.message : `${label}: ${messageOf(error)}`);
  const guest = await lookAtGuest(run);
  if (guest.trouble) state.incident(guest.sentence);
  const reason = guest.trouble ? `${begun}; ${guest.sentence}` : begun;
  const outcome = cancelled ? 'cancelled' : untouched ? 'refused' : 'rolled-back';
  const report = { ...buildReport(run, outcome, reason), ...(guest.trouble ? { guestTrouble: guest.sentence } : {}) };
  state.finish(untouched ? 'refused' : 'rolledBack', report);
  return { report, guest: guest.sentence };
}

interface Guest {
  readonly sentence: string;
  readonly trouble: boolean;
}

/** Where nodes were touched, what became of the guest is asked, not assumed. */
async function lookAtGuest({ plan, ref, steps, tokenPossible, operator }: MigrationRun): Promise<Guest> {
  const { source } = plan;
  const keepPaused = !isCold(plan) && plan.keepPaused;
  if (plan.mode === 'offline') return { sentence: `the guest is on ${source}, stopped as before`, trouble: false };
  if (!tokenPossible) return { sentence: `the guest runs on ${source}`, trouble: false };
  const qemu = await steps.source.resolveSource(ref).then((evidence) => evidence.qemu, () => null);
  switch (qemu) {
    case null:
      if (operator.fenced.includes(source)) {
        return { sentence: `the guest belongs to ${source}, which was fenced: start it there when it is back, or let HA bring it up elsewhere`, trouble: true };
      }
      return { sentence: `the guest is on ${source}, whose agent does not answer now`, trouble: true };
    case 'running':
      return { sentence: `the guest runs on ${source}`, trouble: false };
    case 'stopped':
      return { sentence: `the guest belongs to ${source} but does not run: its QEMU has ended, start it there`, trouble: true };
    default:
      return { sentence: `the guest is ${qemu} on ${source}`, trouble: !keepPaused };
  }
}
