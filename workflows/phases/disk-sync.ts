import type { TargetEndpoints } from '../../domain/contracts/activities.js';
import type { LivePlan } from '../../domain/contracts/plan.js';
import type { MigrationRun } from '../run.js';
import { steered } from './steered.js';

/** Copies the local disks until all mirrors are ready. Nothing to do when every disk is shared. */
export async function syncDisks(run: MigrationRun, plan: LivePlan, endpoints: TargetEndpoints): Promise<void> {
  const { planned, steps, state } = run;
  if (plan.disks.length === 0) return;
  state.enter('diskSync', `copying ${plan.disks.map(({ drive }) => drive).join(', ')} to ${plan.target}`);
  await steered(run, () => steps.source.syncDisks({ ...planned, endpoints }));
}
