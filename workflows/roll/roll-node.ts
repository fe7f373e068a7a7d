import { ApplicationFailure, ChildWorkflowFailure, ParentClosePolicy, condition, executeChild, isCancellation, sleep } from '@temporalio/workflow';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import type { EvacuationReport } from '../../domain/contracts/evacuation-report.js';
import type { RollNodeState, RollRequest } from '../../domain/contracts/roll.js';
import { messageOf } from '../../domain/errors.js';
import { evacuationWorkflowId, returnWorkflowId, type NodeName } from '../../domain/ids.js';
import { codeOf, failure, fellSilent, wasNotTaken } from '../failures.js';
import { noteWritten } from '../history.js';
import { evacuationSteps, maintenanceSteps } from '../proxies.js';
import { timings } from '../timings.js';
import type { RollState } from './state.js';

/** One node from its first guest that leaves to its last that comes home. Whatever keeps it from that is its state `failed`; only a cancellation is thrown. */
export async function rollNode(state: RollState, request: RollRequest, node: NodeName): Promise<void> {
  try {
    state.enter(node, 'emptying');
    const left = await empty(request, node);
    state.enter(node, 'inMaintenance', { left });
    await maintain(state, request, node);
    state.enter(node, 'returning');
    await comeBack(request, node);
    state.enter(node, 'comingHome');
    state.enter(node, 'done', { cameHome: await comeHome(request, node, left) });
  } catch (error) {
    if (isCancellation(error)) throw error;
    const isCordoned = STILL_CORDONED.includes(state.node(node)?.state ?? 'waiting');
    state.enter(node, 'failed', { reason: `${messageOf(error)}${isCordoned ? `; it is empty and takes no guests: when it is well, \`ferry uncordon ${node} --return-home\`` : ''}` });
  }
}

const STILL_CORDONED: readonly RollNodeState[] = ['inMaintenance', 'returning'];

/** How many guests have left. */
async function empty({ evacuation }: RollRequest, node: NodeName): Promise<number> {
  const report = await child('evacuateNode', evacuationWorkflowId(node), { ...evacuation, node });
  return report.guests.filter(({ state, from }) => state === 'moved' && from === node).length;
}

async function maintain(state: RollState, { hook }: RollRequest, node: NodeName): Promise<void> {
  if (hook === undefined) return condition(() => state.ready.has(node));
  try {
    await maintenanceSteps(node).runHook({ hook });
  } catch (error) {
    // A command that reboots the node takes the agent with it: whether it comes back is asked next.
    if (fellSilent(error)) return;
    throw wasNotTaken(error) ? failure('NodeUnreachable', `${messageOf(error)}; its maintenance was not begun`) : error;
  }
}

/** Twice in a row: a node that is about to go down may answer once more. */
const ANSWERS_NEEDED = 2;

async function comeBack({ returnTimeoutSeconds }: RollRequest, node: NodeName): Promise<void> {
  const deadlineMs = Date.now() + returnTimeoutSeconds * 1000;
  let answers = 0;
  for (;;) {
    const refusal = await maintenanceSteps(node).surveyNode({ probeDirtyRates: false }).then(() => null, (error: unknown) => {
      if (isCancellation(error)) throw error;
      return messageOf(error);
    });
    answers = refusal === null ? answers + 1 : 0;
    if (answers === ANSWERS_NEEDED) return;
    if (refusal !== null && Date.now() >= deadlineMs) throw failure('NodeUnreachable', `wait for node failed: ${node}: it did not come back within ${returnTimeoutSeconds} s: ${refusal}`);
    noteWritten('timer');
    await sleep(timings().returnPauseMs, { summary: `ask again whether ${node} is back` });
  }
}

/** How many guests have come home. */
async function comeHome({ returnHome, evacuation }: RollRequest, node: NodeName, left: number): Promise<number> {
  if (!returnHome || left === 0) {
    await evacuationSteps(node).uncordonNode({ node });
    return 0;
  }
  const report = await child('returnHome', returnWorkflowId(node), { node, requestedBy: evacuation.requestedBy, reason: 'its maintenance is over' });
  return report.guests.filter(({ state }) => state === 'moved').length;
}

/** A workflow of its own, so that it can be watched and steered; it outlives the roll. */
async function child(type: 'evacuateNode' | 'returnHome', workflowId: string, raw: object): Promise<EvacuationReport> {
  noteWritten('child');
  try {
    return await executeChild<(raw: unknown) => Promise<EvacuationReport>>(type, { workflowId, args: [raw], parentClosePolicy: ParentClosePolicy.ABANDON, staticSummary: `${type}, part of a rolling maintenance` });
  } catch (error) {
    if (isCancellation(error)) throw error;
    if (error instanceof WorkflowExecutionAlreadyStartedError) throw failure('NodeCordoned', `${workflowId} runs already: wait for it to end, then start the roll again`);
    const cause = error instanceof ChildWorkflowFailure ? error.cause : undefined;
    throw cause instanceof ApplicationFailure ? failure(codeOf(cause), cause.message) : error;
  }
}
