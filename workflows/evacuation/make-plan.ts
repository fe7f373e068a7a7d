import { isCancellation } from '@temporalio/workflow';
import type { NodeSurvey } from '../../domain/contracts/evacuation.js';
import { messageOf } from '../../domain/errors.js';
import type { NodeName } from '../../domain/ids.js';
import { failure } from '../failures.js';
import { evacuationSteps, maintenanceSteps } from '../proxies.js';
import type { EvacuationState } from './state.js';

/** Asks every node and plans for all guests that are not settled. Changes nothing in the cluster. Throws when the node itself does not answer, or no plan can be made. */
export async function makePlan(state: EvacuationState): Promise<void> {
  const { book, node, request, nodes } = state;
  state.stale = false;
  const isFirst = book.plans === 0;
  const answers = await Promise.all(nodes.map((name) => survey(name, isFirst && name === node)));
  const surveys = answers.flatMap((answer) => ('survey' in answer ? [answer.survey] : []));
  for (const answer of answers) if (!('survey' in answer)) state.incident(`${answer.node} takes no guests: ${answer.cause}`);
  if (!surveys.some(({ room }) => room.node === node)) throw failure('NodeUnreachable', `plan evacuation failed: ${node}: it does not answer, so nothing can be moved away from it`);
  const plan = await evacuationSteps(node).planEvacuation({
    request, surveys, settled: book.settled,
    avoid: book.guests.flatMap(({ vmid, avoid }) => avoid.map((target) => ({ vmid, node: target }))),
    moving: book.running.flatMap(({ vmid, to }) => (to === null ? [] : [{ vmid, to }])),
  });
  state.plan = plan;
  book.adopt(plan);
  state.changed();
}

type Answer = { readonly survey: NodeSurvey } | { readonly node: NodeName; readonly cause: string };

async function survey(node: NodeName, probeDirtyRates: boolean): Promise<Answer> {
  try {
    return { survey: await maintenanceSteps(node).surveyNode({ probeDirtyRates }) };
  } catch (error) {
    if (isCancellation(error)) throw error;
    return { node, cause: messageOf(error) };
  }
}
