import { MigrationError } from '../../domain/errors.js';
import type { EpochRef, Volid } from '../../domain/ids.js';
import type { ColdPlan } from '../../domain/contracts/plan.js';
import { failpoint } from '../failpoint.js';
import type { ColdTargetDeps } from './target-deps.js';
import { foldColdTarget, type ColdTargetMemory } from './target-journal.js';

/** Opens the journal, or finds it open. Throws when this move may not make anything here: its lock is another's, it is decided, or the guest is here already. */
export async function requireBeginning(deps: ColdTargetDeps, ref: EpochRef, plan: ColdPlan): Promise<ColdTargetMemory> {
  const owner = await deps.lock.owner(ref.vmid);
  if (owner?.epoch !== ref.epoch) {
    throw new MigrationError('StaleEpoch', `reserve target failed: guest ${ref.vmid} is locked by ${owner === null ? 'nobody' : owner.workflowId}, not by this migration (${ref.epoch})`);
  }
  const memory = foldColdTarget(await deps.journal.open(ref.vmid, ref.epoch, 'target', { plan, workflowId: owner.workflowId }));
  await failpoint('cold.target.journal.after');
  const decision = await deps.token.read(ref.vmid, ref.epoch);
  if (decision === 'committed' || decision === 'aborted') {
    throw new MigrationError('OwnershipUnknown', `reserve target failed: guest ${ref.vmid}: the commit token says ${decision}`, { decision });
  }
  const state = await deps.power(plan.kind).state(ref.vmid);
  if (state !== 'stopped') {
    throw new MigrationError('TargetStartFailed', `reserve target failed: guest ${ref.vmid} is ${state} on ${deps.node} already; ferry did not start it and leaves it alone`);
  }
  return memory;
}

/** A place for each volume. Each is in the journal before it exists. */
export async function makePlaces(deps: ColdTargetDeps, ref: EpochRef, plan: ColdPlan, known: ReadonlyMap<Volid, Volid>): Promise<ReadonlyMap<Volid, Volid>> {
  const places = new Map(known);
  for (const volume of plan.volumes) {
    let targetVolid = places.get(volume.volid);
    if (targetVolid === undefined) {
      targetVolid = await deps.nextVolid(volume, ref.vmid, [...places.values()]);
      await deps.journal.append(ref.vmid, ref.epoch, 'volume', { volid: volume.volid, targetVolid });
      places.set(volume.volid, targetVolid);
    }
    await failpoint('cold.target.volume.before');
    await deps.createVolume(targetVolid, volume);
    await failpoint('cold.target.volume.after');
  }
  return places;
}
