import { CancelledFailure, ApplicationFailure } from '@temporalio/workflow';
import { messageOf } from '../../domain/errors.js';
import type { Phase } from '../../domain/contracts/progress.js';
import { codeOf } from '../failures.js';
import { LeftBehind } from '../persist.js';
import { buildReport } from '../report.js';
import type { MigrationRun } from '../run.js';

export interface Breakage {
  readonly cause: unknown;
  readonly cancelled: boolean;
  readonly phase: Phase;
}

/**
 * Undoes everything, last step first, and ends the workflow with the original failure. Each undo persists by itself; one
 * that gives up all the same (a newer migration owns the guest there) is an incident and keeps none of the others from running.
 */
export async function rollBack(run: MigrationRun, { cause, cancelled, phase }: Breakage): Promise<never> {
  const { state, saga, plan } = run;
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
  if (cancelled) throw new CancelledFailure(`migration of vm ${plan.vmid} cancelled: ${guest.sentence}`, [report]);
  throw ApplicationFailure.create({ type: codeOf(cause), message: reason, nonRetryable: true, details: [report] });
}

interface Guest {
  readonly sentence: string;
  readonly trouble: boolean;
}

/** Where nodes were touched, what became of the guest is asked, not assumed. */
async function lookAtGuest({ plan, ref, steps, tokenPossible, operator }: MigrationRun): Promise<Guest> {
  const { source, keepPaused } = plan;
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
