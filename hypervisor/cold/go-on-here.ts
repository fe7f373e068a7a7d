import type { EpochRef } from '../../domain/ids.js';
import type { ColdPlan } from '../../domain/contracts/plan.js';
import { MigrationError } from '../../domain/errors.js';
import { failpoint } from '../failpoint.js';
import type { ColdSourceDeps } from './source-deps.js';
import { foldColdSource } from './source-journal.js';

/**
 * A guest that was stopped for the move is started again. The token says `aborted` before it is: a target that was told to commit while
 * this node was away (its fencing stands for HANDOVER) may be about to start it. Nothing happens to a guest that was stopped before,
 * that runs, or that found a home elsewhere. Throws `OwnershipUnknown` when the decision is another one, or can't be made now.
 */
export async function goOnHere(deps: ColdSourceDeps, ref: EpochRef, plan: ColdPlan): Promise<void> {
  if (plan.mode !== 'restart') return;
  const entry = await deps.journal.requireCurrent(ref.vmid, ref.epoch);
  if (!foldColdSource(entry).stopping) return;
  const owner = await deps.configs.find(ref.vmid);
  if (owner?.node !== deps.node) return;
  const decision = await deps.token.decide(ref.vmid, ref.epoch, 'aborted');
  if (decision === 'committed' || decision === 'undecided') {
    throw new MigrationError('OwnershipUnknown', `start guest ${ref.vmid} again failed: the commit token says ${decision}, so it may belong to ${plan.target}`);
  }
  await failpoint('cold.source.restart.before');
  await deps.power(plan.kind).start(ref.vmid);
  await deps.journal.append(ref.vmid, ref.epoch, 'restarted');
  await failpoint('cold.source.restart.after');
}
