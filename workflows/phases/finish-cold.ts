import { messageOf } from '../../domain/errors.js';
import { isCold } from '../../domain/contracts/plan.js';
import { codeOf } from '../failures.js';
import { LeftBehind } from '../persist.js';
import type { MigrationRun } from '../run.js';
import { insist } from './insist.js';

/**
 * `committed` was learnt without the answer of the switch: the target may still be trying to bring a cold guest up, and give it back when
 * it does not. Returns why it was given back; null: it is the target's for good, or the migration is a live one.
 */
export async function finishCold(run: MigrationRun): Promise<unknown> {
  const { plan, planned, state } = run;
  if (!isCold(plan)) return null;
  state.enter('verifying', `guest ${plan.vmid} comes up on ${plan.target}`);
  try {
    await insist(run, `take guest ${plan.vmid} over on ${plan.target}`, (s) => s.target.finishCommit(planned));
    return null;
  } catch (error) {
    // A target that was fenced: what that means for the guest is said on the way forward.
    if (error instanceof LeftBehind) return null;
    if (codeOf(error) !== 'GuestReturned') throw error;
    run.decided = 'aborted';
    state.incident(messageOf(error));
    return error;
  }
}
