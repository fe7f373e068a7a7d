import { messageOf } from '../../domain/errors.js';
import { runsAsPlanned } from '../../domain/guest/runs-as-planned.js';
import type { SwitchoverResult } from '../../domain/contracts/activities.js';
import type { MigrationReport } from '../../domain/contracts/report.js';
import { codeOf } from '../failures.js';
import { persist } from '../persist.js';
import { buildReport } from '../report.js';
import type { MigrationRun } from '../run.js';
import type { Steps } from '../proxies.js';
import { insist } from './insist.js';

/** The token says committed: from here on every step is repeated until it is done. `result` is null when the switch's answer was lost. */
export async function rollForward(run: MigrationRun, result: SwitchoverResult | null): Promise<MigrationReport> {
  const { plan, planned, ref, saga, state } = run;
  saga.commit();
  state.enter('verifying', `vm ${plan.vmid} belongs to ${plan.target}`);
  if (result === null) {
    await insist(run, `finish the commit on ${plan.target}`, (s) => s.target.finishCommit(planned));
    state.incident('the answer of the switchover was lost; the commit was finished afterwards, the figures of the switch are missing');
  }
  // The answer of the switch may bring the target's word along; only without it the target is asked.
  if (result?.targetState === undefined || !runsAsPlanned(result.targetState, plan)) {
    await insist(run, `verify that vm ${plan.vmid} runs on ${plan.target}`, (s) => s.target.verifyRunning(planned));
  }
  state.enter('cleanup', `vm ${plan.vmid} runs on ${plan.target}; cleaning up`);
  await run.armed?.disarm();
  await Promise.all([
    complete(run, `clean up ${plan.source}`, (s) => s.source.cleanupSource(planned)),
    complete(run, `clean up ${plan.target}`, (s) => s.target.cleanupTarget(planned)),
  ]);
  await Promise.all([
    complete(run, 'unlock the guest', (s) => s.cluster.unlockGuest(ref)),
    complete(run, 'forget the epoch', (s) => s.cluster.forgetEpoch(ref)),
  ]);
  const report = buildReport(run, 'migrated', `vm ${plan.vmid} runs on ${plan.target}`, result);
  state.finish('completed', report);
  return report;
}

/** A node on which a newer migration owns the guest has nothing of ours left: an incident, no obstacle. */
async function complete(run: MigrationRun, what: string, attempt: (steps: Steps) => Promise<unknown>): Promise<void> {
  try {
    await persist(run, what, attempt);
  } catch (error) {
    run.state.incident(`${what}: ${codeOf(error)}: ${messageOf(error)}`);
  }
}
