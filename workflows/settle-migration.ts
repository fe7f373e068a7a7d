/**
 * Ends a migration whose own workflow is closed (terminated by hand, or lost) and has left something behind. Input:
 * `{"vmid":101,"epoch":"<epoch>"}`; `ferry reconcile` and the agents start it.
 *
 * - open: parse the input, read lock and members
 * - the journals of both nodes say what was planned and which workflow it was; as long as a run of that is open, refuse
 * - nothing is left: end, without a report
 * - no journal knows a plan: nothing was made on a node; abort, fence both nodes, unlock, forget
 * - else the very way of a migration that was reset: learn or make the decision; `aborted` → undo everything; `committed` → only
 *   forward; unlock, forget, report
 */
import { CancellationScope, allHandlersFinished, condition } from '@temporalio/workflow';
import type { EpochRef } from '../domain/ids.js';
import type { MigrationPlan } from '../domain/contracts/plan.js';
import type { SettlementFacts } from '../domain/contracts/reconcile.js';
import type { MigrationReport } from '../domain/contracts/report.js';
import { migrationWorkflowId } from '../domain/ids.js';
import { failure } from './failures.js';
import { installHandlers } from './messages.js';
import { newRun } from './new-run.js';
import { installOperatorHandlers, type OperatorDesk } from './operator/handlers.js';
import { peek } from './peek.js';
import { learnPlan } from './phases/learn-plan.js';
import { noteLock } from './phases/lock.js';
import { noteReservation } from './phases/reserve.js';
import { undo } from './phases/roll-back.js';
import { finishCold } from './phases/finish-cold.js';
import { rollForward } from './phases/roll-forward.js';
import { settle } from './phases/settle.js';
import { settleUnplanned } from './phases/settle-unplanned.js';
import { clusterSteps } from './proxies.js';
import type { MigrationRun } from './run.js';
import { MigrationState } from './state.js';

/** Returns the report of the migration it ended; null: nothing of it was left. */
export async function settleMigration(raw: unknown): Promise<MigrationReport | null> {
  const { vmid } = peek(raw);
  const state = new MigrationState(vmid, '');
  const desk: OperatorDesk = { run: null };
  installHandlers(state);
  installOperatorHandlers(desk);
  // Like every undo: a cancellation would leave what it came to clear away.
  return CancellationScope.nonCancellable(async () => {
    const facts = await clusterSteps(vmid).openSettlement(raw);
    const report = await end(facts, state, desk);
    await condition(allHandlersFinished);
    return report;
  });
}

async function end(facts: SettlementFacts, state: MigrationState, desk: OperatorDesk): Promise<MigrationReport | null> {
  const { request: { vmid, epoch }, owner } = facts;
  const ref = { vmid, epoch };
  const ours = owner?.epoch === epoch ? owner : null;
  state.identify(vmid, null, '');
  const { plan, workflowId, allClosed } = await learnPlan(state, ref, nodesToAsk(facts));
  const lost = ours?.workflowId ?? workflowId ?? migrationWorkflowId(vmid);
  const proof = await proveClosed(ref, lost);
  if (allClosed && ours === null && (await clusterSteps(vmid).readDecision(ref)) === 'none') {
    state.enter('completed', `nothing of ${lost} is left`);
    return null;
  }
  state.incident(proof);
  if (plan === null) return settleUnplanned(ref, facts, state, proof);
  state.identify(vmid, plan.source, plan.target);
  const run = runOf(ref, plan, facts, state, lost);
  desk.run = run;
  noteLock(run);
  noteReservation(run);
  run.switchPossible = true;
  if ((await settle(run)) === 'committed') {
    const returned = await finishCold(run);
    if (returned === null) return rollForward(run, null);
  }
  const cause = failure('MigrationFailed', `settled for workflow ${lost}: ${proof}`);
  return (await undo(run, { cause, cancelled: false, phase: state.phase })).report;
}

/** A lock may only be released, and anything be undone, when nobody else is at it. Returns the sentence for the record. */
async function proveClosed({ vmid, epoch }: EpochRef, workflowId: string): Promise<string> {
  const run = await clusterSteps(vmid).readRun({ vmid, epoch, workflowId });
  switch (run) {
    case 'open':
      throw failure('InvalidInput', `settle refused: vm ${vmid}: its migration ${workflowId} still runs; end it first: ferry cancel ${vmid}`);
    case 'unknown':
      throw failure('InvalidInput', `settle refused: vm ${vmid}: whether its migration ${workflowId} still runs could not be asked`);
    case 'closed':
      return `every run of ${workflowId} that belongs to epoch ${epoch} is closed`;
    case 'gone':
      return `the server knows no run of ${workflowId} any more`;
  }
}

/** The nodes named by whoever found it, else by the lock, else every member. */
function nodesToAsk({ request: { nodes, epoch }, owner, members }: SettlementFacts): readonly string[] {
  const named = nodes.length > 0 ? nodes : ((owner?.epoch === epoch ? owner.nodes : undefined) ?? []);
  return named.length > 0 ? named : members;
}

function runOf(ref: EpochRef, plan: MigrationPlan, { owner }: SettlementFacts, state: MigrationState, workflowId: string): MigrationRun {
  const request = {
    vmid: ref.vmid, target: plan.target, withLocalDisks: true, force: false,
    requestedBy: owner?.requestedBy ?? 'unknown', ...(owner?.reason === undefined ? {} : { reason: owner.reason }),
  };
  return newRun({ ref, plan, request, warnings: [], state, workflowId });
}
