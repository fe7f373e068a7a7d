import { workflowInfo } from '@temporalio/workflow';
import { persist } from '../persist.js';
import type { MigrationRun } from '../run.js';
import { forgetEpoch } from './leave-behind.js';

/** Takes the guest's lock, named after this workflow. Its undo is also the last one: every trace of the epoch, then the lock, by which a workflow that is reset finds them. */
export async function lockGuest(run: MigrationRun): Promise<void> {
  const { ref, plan, request, steps, state } = run;
  state.enter('reserving', `locking vm ${plan.vmid}`);
  noteLock(run);
  await steps.cluster.lockGuest({
    ...ref,
    node: plan.source,
    nodes: [plan.source, plan.target],
    workflowId: workflowInfo().workflowId,
    requestedBy: request.requestedBy,
    ...(request.reason === undefined ? {} : { reason: request.reason }),
  });
}

export function noteLock(run: MigrationRun): void {
  const { ref, saga } = run;
  saga.add('unlock the guest', () => persist(run, 'unlock the guest', (s) => s.cluster.unlockGuest(ref)));
  saga.add('forget the epoch', () => forgetEpoch(run));
}
