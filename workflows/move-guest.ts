/**
 * One guest, from `source` to `target`, in the way its plan says:
 *
 * - validate: facts from cluster, source and target; every refusal at once, before anything is touched; slots were asked for when the request was opened
 * - wait for the slots, when there are none: nothing is locked or made yet
 * - lock the guest for this epoch
 * - reserve: the target's volumes, sockets and commit token; the source's connections
 * - arm: the target listens for HANDOVER, in the background, until the commit
 * - until the switch: `phases/live.ts` for a running VM, `phases/cold.ts` for a guest that stands still while it moves
 * - switchover: the agents hand over between themselves; **the target's rename of the token to `committed` is the commit point**
 * - a failure or a cancellation on the way: learn or make the decision; `aborted` → undo everything, last step first
 * - `committed` (however it was learnt) → only forward: verify, clean up the source, clean up the target, unlock, forget, report
 * - a cold guest that does not come up on its target is given back by that node itself: `aborted` again, and everything is undone
 */
import { ApplicationFailure, CancellationScope, CancelledFailure, workflowInfo } from '@temporalio/workflow';
import type { OpenedRequest } from '../domain/contracts/activities.js';
import type { SlotAsker } from '../domain/contracts/slots.js';
import type { ClusterFacts } from '../domain/contracts/facts.js';
import { isCold, type MigrationPlan } from '../domain/contracts/plan.js';
import type { MigrationReport } from '../domain/contracts/report.js';
import type { MigrateRequest } from '../domain/contracts/request.js';
import { messageOf } from '../domain/errors.js';
import { epochOf } from './epoch.js';
import { failure } from './failures.js';
import { newRun } from './new-run.js';
import type { OperatorDesk } from './operator/handlers.js';
import { moveCold } from './phases/cold.js';
import { finishCold } from './phases/finish-cold.js';
import { moveLive } from './phases/live.js';
import { learnPlan } from './phases/learn-plan.js';
import { lockGuest } from './phases/lock.js';
import { rollBack } from './phases/roll-back.js';
import { rollForward } from './phases/roll-forward.js';
import { settle } from './phases/settle.js';
import { takeUp, wasReset } from './phases/take-up.js';
import { validateAndQueue } from './phases/queue.js';
import { Refused, validate } from './phases/validate.js';
import { buildReport, type SwitchResult } from './report.js';
import type { MigrationRun } from './run.js';
import { Admission } from './slots/admission.js';
import type { MigrationState } from './state.js';
import { timings } from './timings.js';

/** Returns the report of a guest that runs on the target; anything else ends the workflow, with the report in the failure's details. */
export async function moveGuest(opened: OpenedRequest, asker: SlotAsker, state: MigrationState, desk: OperatorDesk): Promise<MigrationReport> {
  const admission = new Admission(state, opened, asker);
  try {
    return await move(await begin(opened, state, admission), opened.cluster, desk);
  } finally {
    await admission.end();
  }
}

async function move(run: MigrationRun, cluster: ClusterFacts, desk: OperatorDesk): Promise<MigrationReport> {
  const scope = CancellationScope.current();
  const { state } = run;
  desk.run = run;
  let result: SwitchResult | null = null;
  let cause: unknown = null;
  try {
    if (wasReset(cluster, run.ref.epoch)) takeUp(run);
    await lockGuest(run);
    result = isCold(run.plan) ? await moveCold(run, run.plan) : await moveLive(run, run.plan);
  } catch (error) {
    cause = error;
  }
  const cancelled = scope.consideredCancelled;
  const { phase } = state;
  return CancellationScope.nonCancellable(async () => {
    if (cause === null) return rollForward(run, result);
    run.admission?.endSoon(timings().slotUndoMs);
    const decision = await settle(run);
    if (decision === 'aborted') return rollBack(run, { cause, cancelled, phase });
    const returned = await finishCold(run);
    if (returned !== null) return rollBack(run, { cause: returned, cancelled: false, phase });
    state.incident(`committed in spite of: ${cancelled ? 'a cancellation that came too late' : messageOf(cause)}`);
    return rollForward(run, null);
  });
}

async function begin(opened: OpenedRequest, state: MigrationState, admission: Admission): Promise<MigrationRun> {
  const { request, cluster, slots = [] } = opened;
  const reset = wasReset(cluster, epochOf(workflowInfo()));
  try {
    const asking = new CancellationScope({ cancellable: !reset });
    if (reset) admission.assume(slots);
    const { plan, warnings } = await asking.run(() => (reset ? planOfBefore(request, cluster, state) : validateAndQueue(opened, state, admission)));
    if (!isCold(plan)) state.policy = plan.policy;
    const { workflowId } = workflowInfo();
    return newRun({ ref: { vmid: plan.vmid, epoch: epochOf(workflowInfo()) }, plan, request, warnings, state, workflowId, admission });
  } catch (error) {
    throw reset ? endAfterReset(request, error) : endUntouched(request, state, error);
  }
}

/** What was planned stands in the journals; made again, the plan would be refused for what the first attempt has prepared. */
async function planOfBefore(request: MigrateRequest, cluster: ClusterFacts, state: MigrationState): Promise<{ plan: MigrationPlan; warnings: readonly string[] }> {
  const nodes = cluster.lockOwner?.nodes ?? [...new Set([...(cluster.guest === null ? [] : [cluster.guest.node]), request.target])];
  const { plan } = await learnPlan(state, { vmid: request.vmid, epoch: epochOf(workflowInfo()) }, nodes);
  return plan === null ? validate(request, cluster, state) : { plan, warnings: [] };
}

const endAfterReset = ({ vmid }: MigrateRequest, error: unknown): unknown =>
  failure('OwnershipUnknown', `go on after the reset failed: vm ${vmid}: its plan can't be made again, so its lock and what was prepared are still there: ${messageOf(error)}`);

/** Nothing has been made yet: the report says why. */
function endUntouched(request: MigrateRequest, state: MigrationState, error: unknown): unknown {
  const subject = { request, state, plan: null, warnings: [] };
  if (error instanceof Refused) {
    const report = buildReport({ ...subject, refusals: error.refusals, warnings: error.warnings }, 'refused', error.message);
    state.finish('refused', report);
    return ApplicationFailure.create({ type: 'PrerequisitesNotMet', message: error.message, nonRetryable: true, details: [report] });
  }
  if (CancellationScope.current().consideredCancelled) {
    const report = buildReport(subject, 'cancelled', 'cancelled before anything was touched');
    state.finish('rolledBack', report);
    return new CancelledFailure(report.reason, [report]);
  }
  return error;
}
