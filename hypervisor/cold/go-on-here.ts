import type { EpochRef } from '../../domain/contracts/activities.js';
import type { ColdPlan } from '../../domain/contracts/plan.js';
import { failpoint } from '../failpoint.js';
import type { ColdSourceDeps } from './source-deps.js';
import { foldColdSource } from './source-journal.js';

/**
 * A guest that was stopped for the move is started again. The caller knows that it may: nothing was handed over, or the token says
 * `aborted`. Nothing happens to one that was stopped before, that runs, or that found a home elsewhere.
 */
export async function goOnHere(deps: ColdSourceDeps, ref: EpochRef, plan: ColdPlan): Promise<void> {
  if (plan.mode !== 'restart') return;
  const entry = await deps.journal.requireCurrent(ref.vmid, ref.epoch);
  if (!foldColdSource(entry).stopping) return;
  const owner = await deps.configs.find(ref.vmid);
  if (owner?.node !== deps.node) return;
  await failpoint('cold.source.restart.before');
  await deps.power(plan.kind).start(ref.vmid);
  await deps.journal.append(ref.vmid, ref.epoch, 'restarted');
  await failpoint('cold.source.restart.after');
}
