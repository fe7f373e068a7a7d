import { MigrationError } from '../../../domain/errors.js';
import type { EpochRef, Volid } from '../../../domain/ids.js';
import type { LivePlan } from '../../../domain/contracts/plan.js';
import { failpoint } from '../../failpoint.js';
import { lookAtQemu } from '../look.js';
import type { SourceDeps } from './source-deps.js';

export interface CleanupOptions {
  /** The target was lost before its guest was seen running: what is on the disks here may be needed. */
  readonly keepDisks: boolean;
}

/**
 * After the commit, and after the target was seen running: ends the old QEMU and frees the disks that moved.
 * Checks both facts it relies on (token, owner of the config) itself. Idempotent.
 */
export async function cleanupSource(deps: SourceDeps, ref: EpochRef, plan: LivePlan, { keepDisks }: CleanupOptions): Promise<{ readonly freedVolids: readonly Volid[] }> {
  const [entry, newest, facts] = await Promise.allSettled([
    deps.journal.read(ref.vmid, ref.epoch), deps.journal.requireCurrent(ref.vmid, ref.epoch), Promise.all([deps.token.read(ref.vmid, ref.epoch), deps.configs.find(ref.vmid)]),
  ]);
  const known = valueOf(entry);
  if (known === null || known.closed) return { freedVolids: [] };
  valueOf(newest);
  const [decision, owner] = valueOf(facts);
  // After an absence of this node the guest may have moved on from the target: it only must not be ours again.
  const isElsewhere = owner !== null && owner.node !== deps.node;
  if (decision !== 'committed' || !(isElsewhere || keepDisks)) {
    throw new MigrationError('OwnershipUnknown',
      `clean up source failed: VM ${ref.vmid}: expected a committed token and the config on ${plan.target}, got ${decision} and ${owner?.node ?? 'no config'}; nothing was freed`);
  }
  await failpoint('source.cleanup.before');
  const { tapsGone } = await isOldCopy(deps, ref, isElsewhere) ? await deps.endQemu(ref.vmid) : { tapsGone: null };
  await failpoint('source.cleanup.stopped.after');
  const freedVolids: Volid[] = [];
  for (const disk of keepDisks ? [] : plan.disks) {
    await deps.freeVolume(disk.sourceVolid);
    await failpoint('source.cleanup.freed.after');
    freedVolids.push(disk.sourceVolid);
  }
  await deps.clearRunDir(ref);
  await failpoint('source.cleanup.run-dir.after');
  await tapsGone;
  await deps.journal.close(ref.vmid, ref.epoch, 'cleaned');
  await failpoint('source.cleanup.closed.after');
  return { freedVolids };
}

function valueOf<T>(settled: PromiseSettledResult<T>): T {
  if (settled.status === 'rejected') throw settled.reason;
  return settled.value;
}

/** With the config still here, somebody may have started the guest anew: only the copy that was handed over is ended. */
const isOldCopy = async (deps: SourceDeps, ref: EpochRef, isElsewhere: boolean): Promise<boolean> =>
  isElsewhere || (await lookAtQemu(deps, ref.vmid)).state === 'postmigrate';
