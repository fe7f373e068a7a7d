import { messageOf } from '../../domain/errors.js';
import { codeOf } from '../failures.js';
import { LeftBehind, persist } from '../persist.js';
import type { Steps } from '../proxies.js';
import type { MigrationRun } from '../run.js';
import { forgetEpoch, onNode } from './leave-behind.js';

/** Token and lock: the last traces, wherever the guest is. The lock goes last: by it a workflow that is reset finds its own traces. */
export async function endEpoch(run: MigrationRun): Promise<void> {
  const all = 'forget the epoch and unlock the guest';
  if (run.left.size === 0) return complete(run, all, () => persist(run, all, (s) => s.cluster.endEpoch(run.ref)));
  await complete(run, 'forget the epoch', () => forgetEpoch(run));
  await complete(run, 'unlock the guest', () => persist(run, 'unlock the guest', (s) => s.cluster.unlockGuest(run.ref)));
}

export function cleanUp(run: MigrationRun, side: 'source' | 'target', attempt: (steps: Steps) => Promise<unknown>): Promise<void> {
  const what = `clean up ${run.plan[side]}`;
  return complete(run, what, () => onNode(run, side, what, attempt));
}

/** A node on which a newer migration owns the guest has nothing of ours left, and one that was fenced cleans up later: an incident, no obstacle. */
async function complete(run: MigrationRun, what: string, step: () => Promise<unknown>): Promise<void> {
  try {
    await step();
  } catch (error) {
    run.state.incident(error instanceof LeftBehind ? error.message : `${what}: ${codeOf(error)}: ${messageOf(error)}`);
  }
}
