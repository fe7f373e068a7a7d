import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { ParentClosePolicy, startChild } from '@temporalio/workflow';
import { cleanUpWorkflowId } from '../../domain/ids.js';
import { ATTRIBUTES } from '../attributes.js';
import { LeftBehind, persist } from '../persist.js';
import type { Steps } from '../proxies.js';
import type { MigrationRun } from '../run.js';

/** A step on one node that has to be done in the end, unless an operator allowed that node to be left: then it is noted, and `LeftBehind` thrown. */
export async function onNode(run: MigrationRun, side: 'source' | 'target', what: string, attempt: (steps: Steps) => Promise<unknown>): Promise<void> {
  try {
    await persist(run, what, attempt, { node: run.plan[side] });
  } catch (error) {
    if (error instanceof LeftBehind) run.left.add(side);
    throw error;
  }
}

/**
 * The epoch's last step. The token stays for as long as a node that was left has not read it there: a copy on that node may be
 * ended or resumed by the token's word only. A workflow of its own waits for the node, so that this one can end.
 */
export async function forgetEpoch(run: MigrationRun): Promise<void> {
  const { ref, planned, plan, left, state } = run;
  if (left.size === 0) return persist(run, 'forget the epoch', (s) => s.cluster.forgetEpoch(ref));
  const sides = [...left].sort();
  const nodes = sides.map((side) => plan[side]).join(' and ');
  const workflowId = cleanUpWorkflowId(ref.vmid, ref.epoch);
  try {
    await startChild('cleanUpNodes', {
      workflowId,
      args: [{ planned, sides, decided: run.decided ?? 'aborted', keepDisks: run.targetLost }],
      parentClosePolicy: ParentClosePolicy.ABANDON,
      staticSummary: `VM ${plan.vmid}: what the migration left on ${nodes}`,
      typedSearchAttributes: [
        { key: ATTRIBUTES.guestId, value: String(plan.vmid) },
        { key: ATTRIBUTES.sourceNode, value: plan.source },
        { key: ATTRIBUTES.targetNode, value: plan.target },
      ],
    });
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
  state.incident(`${nodes} still has to clean up: workflow ${workflowId} waits for it, and the commit token stays until then`);
}
