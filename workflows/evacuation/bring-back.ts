import { ChildWorkflowFailure, ParentClosePolicy, executeChild, workflowInfo } from '@temporalio/workflow';
import type { EvacuationReport } from '../../domain/contracts/evacuation-report.js';
import { messageOf } from '../../domain/errors.js';
import { returnWorkflowId } from '../../domain/ids.js';
import { evacuationSteps } from '../proxies.js';
import type { EvacuationState } from './state.js';

/** Lifts the cordon and lets the guests that left come home, as a workflow of its own that can be watched and steered. */
export async function bringBack(state: EvacuationState): Promise<void> {
  const { node, request } = state;
  state.enter('returning', `guests come home to ${node}: ${returnWorkflowId(node)}`);
  try {
    await evacuationSteps(node).uncordonNode({ node, epoch: workflowInfo().firstExecutionRunId });
    const report = await executeChild<(raw: unknown) => Promise<EvacuationReport>>('returnHome', {
      workflowId: returnWorkflowId(node), args: [{ node, requestedBy: request.requestedBy, reason: `${workflowInfo().workflowId} was cancelled` }],
      parentClosePolicy: ParentClosePolicy.ABANDON, staticSummary: `Guests come home to ${node}`,
    });
    state.incident(report.reason);
  } catch (error) {
    const cause = messageOf(error instanceof ChildWorkflowFailure ? (error.cause ?? error) : error);
    state.incident(`not every guest came home: ${cause}; when that is mended: \`ferry uncordon ${node} --return-home\``);
  }
}
