import type { NodeFacts } from '../contracts/facts.js';
import type { Refusal } from '../contracts/plan.js';
import type { CheckContext } from './context.js';
import type { SortedDrive } from './drives.js';
import { placeDisks } from './place-disks.js';
import { checkActive, checkAllowed, checkContent, isActive, storageMissing } from './storage-access.js';
import { refuse } from './refuse.js';

/** Every storage the guest uses: known, allowed on both nodes, there on the target. */
export function checkStorages(context: CheckContext): readonly Refusal[] {
  return [...context.drives.flatMap((sorted) => checkSourceSide(context, sorted)), ...placeDisks(context).refusals];
}

/** PVE only warns here too: the guest may have the image open since before the storage went away. */
export function warnOfStorages({ drives, source }: CheckContext): string[] {
  if (source === null) return [];
  return sharedButOffline(drives.flatMap((sorted) => (sorted.kind === 'shared' ? [sorted.storage.id] : [])), source);
}

export const sharedButOffline = (storageIds: readonly string[], source: NodeFacts): string[] =>
  [...new Set(storageIds)].filter((id) => !isActive(id, source)).map((id) => `Used shared storage '${id}' is not online on source node!`);

function checkSourceSide(context: CheckContext, sorted: SortedDrive): Refusal[] {
  if (context.vm === null) return [];
  if (sorted.kind === 'unknown-storage') return [storageMissing(sorted.storageId)];
  if (sorted.kind === 'local') return checkAllowed(sorted.storage, context.vm.node);
  if (sorted.kind === 'shared') return [...checkAllowed(sorted.storage, context.vm.node), ...checkSharedOnTarget(context, sorted)];
  return [];
}

function checkSharedOnTarget({ target, request }: CheckContext, { drive, volid, storage }: Extract<SortedDrive, { kind: 'shared' | 'local' | 'local-cdrom' }>): Refusal[] {
  const refusals = [...checkAllowed(storage, request.target), ...checkContent(storage, drive.media === 'cdrom' ? 'iso' : 'images', volid)];
  if (storage.path === null) {
    const sentence = `can't migrate '${volid}' - storage type '${storage.type}' not supported: ${storage.id} has no path that image files are found under`;
    refusals.push(refuse('storage-type-unsupported', sentence, `move the disk to a directory storage: qm disk move ${request.vmid} ${drive.name} <storage>`));
  }
  return refusals.length === 0 && target !== null ? checkActive(storage, target) : refusals;
}
