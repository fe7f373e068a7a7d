import { MigrationError } from '../../domain/errors.js';
import type { EpochRef, NodeName, Volid } from '../../domain/ids.js';
import type { ColdPlan } from '../../domain/contracts/plan.js';
import { moveVolumes, type VolumeMoved } from '../../domain/guest/move-volumes.js';
import type { ColdTargetDeps } from './target-deps.js';

type Places = ReadonlyMap<Volid, Volid>;

/** The guest's config with the volumes' new names, in this node's folder. Rewritten in the source's folder first, then one rename. Idempotent. */
export const moveConfigHere = (deps: ColdTargetDeps, ref: EpochRef, plan: ColdPlan, places: Places): Promise<void> =>
  move(deps, ref, { from: plan.source, to: plan.target }, plan.volumes.flatMap(({ volid, targetFormat, sizeBytes }): VolumeMoved[] => {
    const to = places.get(volid);
    return to === undefined ? [] : [{ from: volid, to, ...imageOnly(targetFormat, sizeBytes) }];
  }));

/** The reverse. */
export const moveConfigBack = (deps: ColdTargetDeps, ref: EpochRef, plan: ColdPlan, places: Places): Promise<void> =>
  move(deps, ref, { from: plan.target, to: plan.source }, plan.volumes.flatMap(({ volid, sourceFormat, sizeBytes }): VolumeMoved[] => {
    const from = places.get(volid);
    return from === undefined ? [] : [{ from, to: volid, ...imageOnly(sourceFormat, sizeBytes) }];
  }));

const imageOnly = (format: 'raw' | 'qcow2' | 'subvol', sizeBytes: number): Pick<VolumeMoved, 'format' | 'sizeBytes'> =>
  format === 'subvol' ? {} : { format, sizeBytes };

async function move({ configs, readConfig }: ColdTargetDeps, { vmid }: EpochRef, { from, to }: { readonly from: NodeName; readonly to: NodeName }, moved: readonly VolumeMoved[]): Promise<void> {
  const owner = await configs.find(vmid);
  if (owner === null) throw new MigrationError('GuestNotFound', `move config failed: guest ${vmid} has no config on any node`);
  if (owner.node === to) return;
  // Somebody else's by now, with volumes of its own.
  if (owner.node !== from) throw new MigrationError('OwnershipUnknown', `move config failed: guest ${vmid}: its config is on ${owner.node}, neither on ${from} nor on ${to}; it is left there`);
  const text = await readConfig(vmid, owner.node);
  const changed = moveVolumes(text, moved);
  if (changed !== text) await configs.write(vmid, owner.kind, owner.node, changed);
  await configs.move(vmid, owner.kind, from, to);
}
