import type { Refusal } from '../contracts/plan.js';
import { qemuMemoryBytes } from '../guest/memory.js';
import { MIB, renderBytes } from '../units.js';
import type { CheckContext } from './context.js';
import { placeDisks } from './place-disks.js';
import { refuse } from './refuse.js';

/** Room on the target: memory for the guest, space for its disks. */
export function checkCapacity(context: CheckContext): readonly Refusal[] {
  return [...checkMemory(context), ...checkSpace(context)];
}

function checkMemory({ vm, target }: CheckContext): Refusal[] {
  if (vm === null || target === null) return [];
  const guestBytes = vm.config.memoryMiB * MIB;
  const neededBytes = qemuMemoryBytes(guestBytes);
  if (neededBytes <= target.memoryAvailableBytes) return [];
  const sentence =
    `not enough memory on node '${target.node}': ${renderBytes(neededBytes)} needed (guest ${renderBytes(guestBytes)} and QEMU's own), ` +
    `${renderBytes(target.memoryAvailableBytes)} available`;
  return [refuse('memory-insufficient', sentence, `free memory on ${target.node}, or choose another node`)];
}

/** By virtual size: a thin disk may grow to it on the target. */
function checkSpace(context: CheckContext): Refusal[] {
  const { target } = context;
  if (target === null) return [];
  const neededBytes = new Map<string, number>();
  for (const { targetStorage, sizeBytes } of placeDisks(context).moves) {
    neededBytes.set(targetStorage, (neededBytes.get(targetStorage) ?? 0) + sizeBytes);
  }
  return [...neededBytes].flatMap(([id, needed]) => {
    const storage = target.storages.find((known) => known.id === id);
    if (storage === undefined || !storage.active || needed <= storage.availableBytes) return [];
    const sentence = `not enough space on storage '${id}' of node '${target.node}': ${renderBytes(needed)} needed, ${renderBytes(storage.availableBytes)} available`;
    return [refuse('storage-full', sentence, `free space on ${id}, or choose another one with --targetstorage`)];
  });
}
