import type { ClusterFacts } from '../../domain/contracts/facts.js';
import type { Epoch } from '../../domain/ids.js';
import { failure } from '../failures.js';
import type { MigrationRun } from '../run.js';
import { noteLock } from './lock.js';
import { noteReservation } from './reserve.js';

/** The guest's lock is this very migration's: the workflow was reset to its beginning when nodes had been touched already. */
export const wasReset = (cluster: ClusterFacts, epoch: Epoch): boolean => cluster.lockOwner?.epoch === epoch;

/** How far the lost attempt got is not known, so everything counts as possible: who owns the guest is settled, then undone or finished. */
export function takeUp(run: MigrationRun): never {
  noteLock(run);
  noteReservation(run);
  run.switchPossible = true;
  throw failure('MigrationFailed', `migrate failed: vm ${run.plan.vmid}: the workflow was reset in the middle of the migration`);
}
