import { CancellationScope } from '@temporalio/workflow';
import type { SwitchoverResult } from '../../domain/contracts/activities.js';
import type { ArmedTarget } from './arm.js';
import type { MigrationRun } from '../run.js';

/**
 * Collects the result of the switch, which the agents make between themselves, unless the last visit `brought` it. No cancellation reaches it any more. The wait
 * ends early when the target is lost, and soon in any case: a guest may be standing still, and who owns it then is settled by evidence.
 */
export async function collectSwitch(run: MigrationRun, armed: ArmedTarget, brought: SwitchoverResult | null): Promise<SwitchoverResult> {
  const { plan, planned, state, steps } = run;
  const detail = `vm ${plan.vmid} changes from ${plan.source} to ${plan.target}`;
  if (brought !== null) {
    state.passThrough('switchover', detail);
    return brought;
  }
  state.enter('switchover', detail);
  return CancellationScope.nonCancellable(() => armed.whileListening(() => steps.source.switchover(planned)));
}
