import { CancellationScope, condition, sleep, workflowInfo } from '@temporalio/workflow';
import type { EvacuatedGuest } from '../../domain/contracts/evacuation-progress.js';
import { messageOf } from '../../domain/errors.js';
import type { Vmid } from '../../domain/ids.js';
import { noteWritten } from '../history.js';
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

/** Each migration is looked at when it has taken long, and again when it has taken as long once more. */
async function look(state: EvacuationState): Promise<void> {
  const { stuckLookMs } = timings();
  const told = new Set<string>();
  const looked = new Map<Vmid, number>();
  const dueAtMs = ({ vmid, begunAtMs }: EvacuatedGuest): number => Math.max(begunAtMs ?? Infinity, looked.get(vmid) ?? 0) + stuckLookMs;
  for (;;) {
    // Days of waiting for a window cost no history.
    await condition(() => state.book.in('moving').length > 0);
    noteWritten('timer');
    const nextAtMs = Math.min(Date.now() + stuckLookMs, ...state.book.in('moving').map(dueAtMs));
    await sleep(Math.max(1, nextAtMs - Date.now()), { summary: 'look after migrations that take long' });
    const vmids = state.book.in('moving').filter((guest) => dueAtMs(guest) <= Date.now()).map(({ vmid }) => vmid);
    if (vmids.length === 0) continue;
    for (const vmid of vmids) looked.set(vmid, Date.now());
    for (const { vmid, sentence } of await evacuationSteps(state.node).freeStuck({ vmids, by: workflowInfo().workflowId })) {
      const line = `guest ${vmid}: ${sentence}`;
      if (!told.has(line)) state.incident(line);
      told.add(line);
    }
  }
}
