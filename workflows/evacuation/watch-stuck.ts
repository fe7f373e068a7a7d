import { CancellationScope, condition, sleep, workflowInfo } from '@temporalio/workflow';
import { messageOf } from '../../domain/errors.js';
import { evacuationSteps } from '../proxies.js';
import { timings } from '../timings.js';
import type { EvacuationState } from './state.js';

/**
 * A migration whose target died waits for it, to clean up there, while its guest runs where it was. It is given up after a while, where it says itself
 * that this is safe: its guest is planned again, and what it left is cleaned up when the node is back. Until its scope is cancelled.
 */
export function watchStuck(state: EvacuationState): void {
  void look(state).catch((error: unknown) => {
    if (!CancellationScope.current().consideredCancelled) state.incident(`migrations that wait for an operator are not looked after any more: ${messageOf(error)}`);
  });
}

async function look(state: EvacuationState): Promise<void> {
  const { stuckLookMs } = timings();
  const told = new Set<string>();
  for (;;) {
    // Days of waiting for a window cost no history.
    await condition(() => state.book.in('moving').length > 0);
    await sleep(stuckLookMs, { summary: 'look after migrations that take long' });
    const vmids = state.book.in('moving').filter(({ begunAtMs }) => begunAtMs !== undefined && Date.now() - begunAtMs >= stuckLookMs).map(({ vmid }) => vmid);
    if (vmids.length === 0) continue;
    for (const { vmid, sentence } of await evacuationSteps(state.node).freeStuck({ vmids, by: workflowInfo().workflowId })) {
      const line = `guest ${vmid}: ${sentence}`;
      if (!told.has(line)) state.incident(line);
      told.add(line);
    }
  }
}
