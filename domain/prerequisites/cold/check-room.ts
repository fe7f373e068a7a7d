import type { Refusal } from '../../contracts/plan.js';
import { MIB, renderBytes } from '../../units.js';
import { refuse } from '../refuse.js';
import type { ColdContext } from './context.js';
import { placeVolumes } from './place-volumes.js';

/** Room on the target: space for the volumes, and memory for a guest that starts there again. */
export function checkRoom(context: ColdContext): readonly Refusal[] {
  return [...checkSpace(context), ...checkMemory(context)];
}

/** An image may grow to its size; of a directory what is in it counts. */
function checkSpace(context: ColdContext): Refusal[] {
  const { target } = context;
  if (target === null) return [];
  const neededBytes = new Map<string, number>();
  for (const { targetStorage, sizeBytes, usedBytes } of placeVolumes(context).moves) {
    neededBytes.set(targetStorage, (neededBytes.get(targetStorage) ?? 0) + Math.max(sizeBytes, usedBytes));
  }
  return [...neededBytes].flatMap(([id, needed]) => {
    const storage = target.storages.find((known) => known.id === id);
    if (storage === undefined || !storage.active || needed <= storage.availableBytes) return [];
    const sentence = `not enough space on storage '${id}' of node '${target.node}': ${renderBytes(needed)} needed, ${renderBytes(storage.availableBytes)} available`;
    return [refuse('storage-full', sentence, `free space on ${id}, or choose another one with --targetstorage`)];
  });
}

function checkMemory({ mode, guest, target }: ColdContext): Refusal[] {
  // A container takes what it uses, not what it may use.
  if (mode !== 'restart' || target === null || guest.kind !== 'qemu') return [];
  const neededBytes = guest.config.memoryMiB * MIB;
  if (neededBytes <= target.memoryAvailableBytes) return [];
  const sentence = `not enough memory on node '${target.node}': ${renderBytes(neededBytes)} needed, ${renderBytes(target.memoryAvailableBytes)} available`;
  return [refuse('memory-insufficient', sentence, `free memory on ${target.node}, or choose another node`)];
}
