import { messageOf } from '../../domain/errors.js';
import { runsAsPlanned } from '../../domain/guest/runs-as-planned.js';
import { nameOf } from '../../domain/guest/name-of.js';
import type { MigrationReport } from '../../domain/contracts/report.js';
import { codeOf } from '../failures.js';
import { LeftBehind } from '../persist.js';
import { buildReport, type SwitchResult } from '../report.js';
import type { MigrationRun } from '../run.js';
import { endWithoutTarget } from './end-without-target.js';
import { insist } from './insist.js';
import { timings } from '../timings.js';
import { cleanUp, endEpoch } from './last-traces.js';

/** The token says committed: from here on every step is repeated until it is done. `result` is null when the switch's answer was lost. */
export async function rollForward(run: MigrationRun, result: SwitchResult | null): Promise<MigrationReport> {
  const { plan, planned, saga, state } = run;
  saga.commit();
  run.decided = 'committed';
  run.operator.dropGiveUp();
  // Nothing flows between the nodes any more: what is left to do is each node's own. When that is quick, the slots go back with it.
  run.admission?.endSoon(timings().slotReleaseMs);
  // The answer of the switch may bring the target's word along; only without it the target is asked.
  const isVerified = result?.targetState !== undefined && runsAsPlanned(result.targetState, plan);
  const detail = `vm ${plan.vmid} belongs to ${plan.target}`;
  if (isVerified) state.passThrough('verifying', detail);
  else state.enter('verifying', detail);
  try {
    if (result === null) {
      await insist(run, `finish the commit on ${plan.target}`, (s) => s.target.finishCommit(planned));
      state.incident('the answer of the switchover was lost; the commit was finished afterwards, the figures of the switch are missing');
    }
    if (!isVerified) {
      await insist(run, `verify that vm ${plan.vmid} runs on ${plan.target}`, (s) => s.target.verifyRunning(planned));
    }
  } catch (error) {
    if (error instanceof LeftBehind) return endWithoutTarget(run, result, error.message);
    throw error;
  }
  state.enter('cleanup', `vm ${plan.vmid} runs on ${plan.target}; cleaning up`);
  await Promise.all([cleanUpSource(run), cleanUpTarget(run)]);
  await Promise.all([endEpoch(run), run.admission?.end()]);
  const report = buildReport(run, 'migrated', `${nameOf(plan)} ${plan.mode === 'offline' ? 'is' : 'runs'} on ${plan.target}`, result);
  state.finish('completed', report);
  return report;
}

/** Only once nobody listens there any more: an attempt that began late would find nothing, or make something. */
async function cleanUpTarget(run: MigrationRun): Promise<void> {
  await run.armed?.disarm();
  await cleanUp(run, 'target', (s) => s.target.cleanupTarget(run.planned));
}

/** What can't be proved the same on the target is kept: nothing is freed that may be needed. */
async function cleanUpSource(run: MigrationRun): Promise<void> {
  const { planned, state, plan } = run;
  await cleanUp(run, 'source', async (s) => {
    try {
      return await s.source.cleanupSource(planned);
    } catch (error) {
      if (codeOf(error) !== 'VolumeDiffers') throw error;
      state.incident(`${messageOf(error)}; the volumes on ${plan.source} were kept`);
      return s.source.cleanupSource({ ...planned, keepDisks: true });
    }
  });
}
