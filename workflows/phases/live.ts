import type { SwitchoverResult } from '../../domain/contracts/activities.js';
import type { LivePlan } from '../../domain/contracts/plan.js';
import { failure } from '../failures.js';
import type { MigrationRun } from '../run.js';
import { ArmedTarget } from './arm.js';
import { syncDisks } from './disk-sync.js';
import { precopy } from './precopy.js';
import { reserve } from './reserve.js';
import { collectSwitch } from './switchover.js';

/**
 * A running VM, up to the result of its switch:
 *
 * - disk sync: local disks mirrored until ready
 * - pre-copy: memory in rounds; after each the policy decides
 * - the switch itself is the driver's, within the permission it was given
 */
export async function moveLive(run: MigrationRun, plan: LivePlan): Promise<SwitchoverResult> {
  const endpoints = await reserve(run);
  if (!('ram' in endpoints)) throw failure('Internal', `migrate failed: vm ${plan.vmid}: ${plan.target} made itself ready for another kind of migration`);
  const armed = new ArmedTarget(run, endpoints);
  run.armed = armed;
  const result = await armed.whileListening(async () => {
    await syncDisks(run, plan, endpoints);
    return precopy(run, plan, endpoints);
  });
  return collectSwitch(run, armed, result);
}
