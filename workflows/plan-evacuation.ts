/**
 * Says how a node would be emptied, without touching anything. Same input as `evacuateNode`:
 *
 * - open the request: parse the input, read the members
 * - ask every node at once what it has to give; VMs of the node itself are watched for a second
 * - plan
 */
import type { EvacuationPlan } from '../domain/contracts/evacuation.js';
import { askNodes } from './evacuation/ask-nodes.js';
import { evacuationSteps } from './proxies.js';

export async function planEvacuation(raw: unknown): Promise<EvacuationPlan> {
  const { request, nodes } = await evacuationSteps('a node').openEvacuation(raw);
  const { surveys, silent } = await askNodes(nodes, request.node);
  const plan = await evacuationSteps(request.node).planEvacuation({ request, surveys, settled: [] });
  return { ...plan, warnings: [...silent.map(({ node, cause }) => `${node} takes no guests: ${cause}`), ...plan.warnings] };
}
