import type { TargetEndpoints } from '../../domain/contracts/activities.js';
import type { MigrationRun } from '../run.js';

/** Copies the local disks until all mirrors are ready. Nothing to do when every disk is shared. */
export async function syncDisks(run: MigrationRun, endpoints: TargetEndpoints): Promise<void> {
  const { plan, planned, steps, state } = run;
  if (plan.disks.length === 0) return;
  state.enter('diskSync', `copying ${plan.disks.map(({ drive }) => drive).join(', ')} to ${plan.target}`);
  await steps.source.syncDisks({ ...planned, endpoints });
}
