import { MigrationError } from '../../../domain/errors.js';
import type { EpochRef } from '../../../domain/ids.js';
import { failpoint } from '../../failpoint.js';
import { neverBegun } from '../never-begun.js';
import type { TargetDeps } from './target-deps.js';
import { foldTarget } from './target-journal.js';

/**
 * Undo of the target's part: its QEMU ended, its volumes freed, its sockets gone. Only with a token that says
 * `aborted` or was never made: with anything else this could be the only copy. An undo is only asked for when it goes back, so a
 * token that a late attempt made after that was decided is decided here. Idempotent.
 */
export async function releaseReservation(deps: TargetDeps, ref: EpochRef): Promise<void> {
  const entry = await deps.journal.read(ref.vmid, ref.epoch);
  if (entry === null) return neverBegun(deps.journal, ref, 'target');
  if (entry.closed) return;
  if (entry.role !== 'target') throw new MigrationError('OwnershipUnknown', `release reservation failed: VM ${ref.vmid}: ${deps.node} is the source of ${ref.epoch}`);
  await deps.journal.requireCurrent(ref.vmid, ref.epoch);
  const decision = await deps.token.decide(ref.vmid, ref.epoch, 'aborted');
  if (decision === 'committed' || decision === 'undecided') {
    throw new MigrationError('OwnershipUnknown', `release reservation failed: VM ${ref.vmid}: the commit token says ${decision}; nothing was freed on ${deps.node}`);
  }
  const memory = foldTarget(entry);
  await failpoint('target.release.before');
  if (memory.incoming) await deps.stopQemu(ref.vmid);
  await failpoint('target.release.stopped.after');
  for (const volid of memory.volumes.values()) {
    await deps.freeVolume(volid);
    await failpoint('target.release.freed.after');
  }
  await deps.clearRunDir(ref);
  await failpoint('target.release.run-dir.after');
  await deps.journal.close(ref.vmid, ref.epoch, 'released');
  await failpoint('target.release.closed.after');
}
