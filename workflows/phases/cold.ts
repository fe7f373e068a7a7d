import type { ColdEndpoints, ColdSwitchResult } from '../../domain/contracts/cold.js';
import type { ColdPlan } from '../../domain/contracts/plan.js';
import { failure } from '../failures.js';
import type { MigrationRun } from '../run.js';
import { ArmedTarget } from './arm.js';
import { reserve } from './reserve.js';
import { steered } from './steered.js';

/**
 * A guest that stands still while it moves, up to the answer of its target:
 *
 * - copy: every volume once, while the guest may still run
 * - hand over: the source's agent stops the guest, copies what has changed, and hands it over, without a hop through here; until
 *   it has, a cancellation lets the guest go on where it was
 */
export async function moveCold(run: MigrationRun, plan: ColdPlan): Promise<ColdSwitchResult> {
  const endpoints = await reserve(run);
  if (!('copy' in endpoints)) throw failure('Internal', `migrate failed: guest ${plan.vmid}: ${plan.target} made itself ready for another kind of migration`);
  const armed = new ArmedTarget(run, endpoints);
  run.armed = armed;
  return armed.whileListening(async () => {
    await copy(run, plan, endpoints);
    return handOver(run, plan, endpoints);
  });
}

async function copy(run: MigrationRun, plan: ColdPlan, endpoints: ColdEndpoints): Promise<void> {
  const { planned, state, steps } = run;
  if (plan.volumes.length === 0) return;
  state.enter('diskSync', `copying ${plan.volumes.map(({ usedAs }) => usedAs).join(', ')} to ${plan.target}`);
  await steered(run, () => steps.source.syncVolumes({ ...planned, endpoints }));
}

function handOver(run: MigrationRun, plan: ColdPlan, endpoints: ColdEndpoints): Promise<ColdSwitchResult> {
  const { planned, state, steps } = run;
  state.enter('switchover', `guest ${plan.vmid} ${plan.mode === 'restart' ? 'is stopped, and starts again' : 'changes'} from ${plan.source} to ${plan.target}`);
  run.switchPossible = true;
  return steered(run, () => steps.source.handOverCold({ ...planned, endpoints }));
}
