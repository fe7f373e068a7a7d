import { failure } from '../failures.js';
import { evacuationSteps } from '../proxies.js';
import { askNodes } from './ask-nodes.js';
import type { EvacuationState } from './state.js';

/** Asks every node and plans for all guests that are not settled. Changes nothing in the cluster. Throws when the node itself does not answer, or no plan can be made. */
export async function makePlan(state: EvacuationState): Promise<void> {
  const { book, node, request, nodes } = state;
  state.stale = false;
  const isFirst = book.plans === 0;
  const { surveys, silent } = await askNodes(nodes, isFirst ? node : null);
  for (const { node: name, cause } of silent) state.incident(`${name} takes no guests: ${cause}`);
  if (!surveys.some(({ room }) => room.node === node)) throw failure('NodeUnreachable', `plan evacuation failed: ${node}: it does not answer, so nothing can be moved away from it`);
  const { settled } = book;
  const plan = await evacuationSteps(node).planEvacuation({
    request, surveys, settled,
    avoid: book.guests.flatMap(({ vmid, avoid }) => avoid.map((target) => ({ vmid, node: target }))),
    moving: book.running.flatMap(({ vmid, to }) => (to === null ? [] : [{ vmid, to }])),
  });
  state.plan = plan;
  book.adopt(plan, settled);
  state.changed();
}
