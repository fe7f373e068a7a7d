import { MigrationError } from '../../domain/errors.js';
import type { EpochRef } from '../../domain/ids.js';
import { failpoint } from '../failpoint.js';
import { neverBegun } from '../qemu/never-begun.js';
import type { ColdTargetDeps } from './target-deps.js';
import { foldColdTarget } from './target-journal.js';

/**
 * Undo of the target's part: its volumes and what it received freed, its sockets gone. Only with a token that says `aborted` or was never made, and with
 * nothing of the guest running here: with anything else this could be the only copy. Idempotent.
 */
export async function releaseColdTarget(deps: ColdTargetDeps, ref: EpochRef): Promise<void> {
  const entry = await deps.journal.read(ref.vmid, ref.epoch);
  if (entry === null) return neverBegun(deps.journal, ref, 'target');
  if (entry.closed) return;
  if (entry.role !== 'target') throw new MigrationError('OwnershipUnknown', `release reservation failed: guest ${ref.vmid}: ${deps.node} is the source of ${ref.epoch}`);
  await deps.journal.requireCurrent(ref.vmid, ref.epoch);
  const [decision, owner] = [await deps.token.decide(ref.vmid, ref.epoch, 'aborted'), await deps.configs.find(ref.vmid)];
  if (decision === 'committed' || decision === 'undecided' || owner?.node === deps.node) {
    throw new MigrationError('OwnershipUnknown', `release reservation failed: guest ${ref.vmid}: the commit token says ${decision}, its config is on ${owner?.node ?? 'no node'}; nothing was freed on ${deps.node}`);
  }
  await failpoint('cold.target.release.before');
  const { places, plan } = foldColdTarget(entry);
  if (plan !== null) await deps.power(plan.kind).end(ref.vmid);
  if (plan !== null) await deps.removeSnapshots(ref, plan, places.values());
  for (const targetVolid of places.values()) {
    await deps.freeVolume(targetVolid);
    await failpoint('cold.target.release.freed.after');
  }
  await deps.clearRunDir(ref);
  await deps.journal.close(ref.vmid, ref.epoch, 'released');
  await failpoint('cold.target.release.closed.after');
}

/** After the commit: received snapshots and sockets gone, journal closed. The guest is not touched. */
export async function cleanUpColdTarget(deps: ColdTargetDeps, ref: EpochRef): Promise<void> {
  const entry = await deps.journal.read(ref.vmid, ref.epoch);
  if (entry === null || entry.closed) return;
  await failpoint('cold.target.cleanup.before');
  const { places, plan } = foldColdTarget(entry);
  if (plan !== null) await deps.removeSnapshots(ref, plan, places.values());
  await deps.clearRunDir(ref);
  await deps.journal.close(ref.vmid, ref.epoch, 'finished');
  await failpoint('cold.target.cleanup.closed.after');
}
