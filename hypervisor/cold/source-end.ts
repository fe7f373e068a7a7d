import { MigrationError } from '../../domain/errors.js';
import type { EpochRef, Volid } from '../../domain/ids.js';
import type { ColdPlan } from '../../domain/contracts/plan.js';
import { failpoint } from '../failpoint.js';
import { neverBegun } from '../qemu/never-begun.js';
import { goOnHere } from './go-on-here.js';
import type { ColdSourceDeps } from './source-deps.js';
import { foldColdSource } from './source-journal.js';

/**
 * Undo of the source's part: a guest that was stopped for the move runs here again, connections closed. Only with a token that says
 * `aborted`, or that was never made. Idempotent.
 */
export async function rollBackColdSource(deps: ColdSourceDeps, ref: EpochRef, plan: ColdPlan): Promise<void> {
  const entry = await deps.journal.read(ref.vmid, ref.epoch);
  if (entry === null) return neverBegun(deps.journal, ref, 'source');
  if (entry.closed) return;
  await deps.journal.requireCurrent(ref.vmid, ref.epoch);
  const decision = await deps.token.decide(ref.vmid, ref.epoch, 'aborted');
  const lostToken = decision === 'none' && foldColdSource(entry).handedOver;
  if (decision === 'committed' || decision === 'undecided' || lostToken) {
    throw new MigrationError('OwnershipUnknown', `roll back failed: guest ${ref.vmid}: the commit token says ${decision}, so the guest may belong to ${plan.target}`);
  }
  const owner = await deps.configs.find(ref.vmid);
  if (owner !== null && owner.node !== deps.node) {
    throw new MigrationError('OwnershipUnknown', `roll back failed: guest ${ref.vmid}: its config is on ${owner.node}, so it is not started on ${deps.node}`);
  }
  await failpoint('cold.source.rollback.before');
  await goOnHere(deps, ref, plan);
  await deps.removeSnapshots(ref, plan);
  await deps.clearRunDir(ref);
  await failpoint('cold.source.rollback.run-dir.after');
  await deps.journal.close(ref.vmid, ref.epoch, 'rolled-back');
}

/**
 * After the commit, and after the target was seen as planned: proves that what the target received is what is here, then frees it.
 * Checks the facts it relies on (token, owner of the config, nothing runs here) itself. Throws `VolumeDiffers`, with nothing freed.
 */
export async function cleanUpColdSource(deps: ColdSourceDeps, ref: EpochRef, plan: ColdPlan, { keepDisks }: { readonly keepDisks: boolean }): Promise<{ readonly freedVolids: readonly Volid[] }> {
  const entry = await deps.journal.read(ref.vmid, ref.epoch);
  if (entry === null || entry.closed) return { freedVolids: [] };
  await deps.journal.requireCurrent(ref.vmid, ref.epoch);
  const [decision, owner] = await Promise.all([deps.token.read(ref.vmid, ref.epoch), deps.configs.find(ref.vmid)]);
  const isElsewhere = owner !== null && owner.node !== deps.node;
  if (decision !== 'committed' || !(isElsewhere || keepDisks)) {
    throw new MigrationError('OwnershipUnknown',
      `clean up source failed: guest ${ref.vmid}: expected a committed token and the config on ${plan.target}, got ${decision} and ${owner?.node ?? 'no config'}; nothing was freed`);
  }
  await failpoint('cold.source.cleanup.before');
  if (isElsewhere) await deps.power(plan.kind).end(ref.vmid);
  const freedVolids: Volid[] = [];
  if (!keepDisks) {
    // What an earlier attempt has freed can't be read any more.
    if (!foldColdSource(entry).verified) {
      await deps.verify(ref, plan);
      await deps.journal.append(ref.vmid, ref.epoch, 'verified');
    }
    await deps.removeSnapshots(ref, plan);
    for (const { volid } of plan.volumes) {
      await deps.freeVolume(volid);
      freedVolids.push(volid);
      await failpoint('cold.source.cleanup.freed.after');
    }
  } else await deps.removeSnapshots(ref, plan);
  await deps.clearRunDir(ref);
  await deps.journal.close(ref.vmid, ref.epoch, 'cleaned');
  await failpoint('cold.source.cleanup.closed.after');
  return { freedVolids };
}
