import { MigrationError } from '../../../domain/errors.js';
import type { EpochRef } from '../../../domain/contracts/activities.js';
import type { MigrationPlan } from '../../../domain/contracts/plan.js';
import type { Volid } from '../../../domain/ids.js';
import { failpoint } from '../../failpoint.js';
import type { SourceDeps } from './source-deps.js';

/**
 * After the commit, and after the target was seen running: ends the old QEMU and frees the disks that moved.
 * Checks both facts it relies on (token, owner of the config) itself. Idempotent.
 */
export async function cleanupSource(deps: SourceDeps, ref: EpochRef, plan: MigrationPlan): Promise<{ readonly freedVolids: readonly Volid[] }> {
  const entry = await deps.journal.read(ref.vmid, ref.epoch);
  if (entry === null || entry.closed) return { freedVolids: [] };
  await deps.journal.requireCurrent(ref.vmid, ref.epoch);
  const [decision, owner] = await Promise.all([deps.token.read(ref.vmid, ref.epoch), deps.configs.find(ref.vmid)]);
  if (decision !== 'committed' || owner?.node !== plan.target) {
    throw new MigrationError('OwnershipUnknown',
      `clean up source failed: VM ${ref.vmid}: expected a committed token and the config on ${plan.target}, got ${decision} and ${owner?.node ?? 'no config'}; nothing was freed`);
  }
  await failpoint('source.cleanup.before');
  await deps.stopQemu(ref.vmid);
  await failpoint('source.cleanup.stopped.after');
  const freedVolids: Volid[] = [];
  for (const disk of plan.disks) {
    await deps.freeVolume(disk.sourceVolid);
    await failpoint('source.cleanup.freed.after');
    freedVolids.push(disk.sourceVolid);
  }
  await deps.clearRunDir(ref);
  await failpoint('source.cleanup.run-dir.after');
  await deps.journal.close(ref.vmid, ref.epoch, 'cleaned');
  await failpoint('source.cleanup.closed.after');
  return { freedVolids };
}
