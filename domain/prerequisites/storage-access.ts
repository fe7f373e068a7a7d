import type { StorageConfig } from '../cluster/storage-config.js';
import type { NodeFacts } from '../contracts/facts.js';
import type { Refusal } from '../contracts/plan.js';
import type { NodeName } from '../ids.js';
import { refuse } from './refuse.js';

export const storageMissing = (storageId: string): Refusal =>
  refuse('storage-unknown', `storage '${storageId}' does not exist`, 'define it (pvesm add), or choose another one with --targetstorage');

/** Whether a node may use a storage, by `storage.cfg`. */
export function checkAllowed(storage: StorageConfig, node: NodeName): Refusal[] {
  const { id, disabled, nodes } = storage;
  if (disabled) return [refuse('storage-disabled', `storage '${id}' is disabled`, `enable it (pvesm set ${id} --disable 0), or choose another one with --targetstorage`)];
  if (nodes !== null && !nodes.includes(node)) {
    const remedy = `allow it there (pvesm set ${id} --nodes ${[...nodes, node].join(',')}), or choose another one with --targetstorage`;
    return [refuse('storage-not-on-node', `storage '${id}' is not available on node '${node}'`, remedy)];
  }
  return [];
}

/** Whether it is really there. A node that said nothing about it did not find it. */
export function checkActive({ id }: StorageConfig, facts: NodeFacts): Refusal[] {
  if (isActive(id, facts)) return [];
  const remedy = `mount it or create its directory on ${facts.node}: pvesm status`;
  return [refuse('storage-inactive', `storage '${id}' is not active on node '${facts.node}'`, remedy)];
}

export const isActive = (id: string, { storages }: NodeFacts): boolean => storages.some((storage) => storage.id === id && storage.active);

export function checkContent({ id, content }: StorageConfig, wanted: 'images' | 'iso' | 'rootdir', volid: string): Refusal[] {
  if (content.includes(wanted)) return [];
  const remedy = `allow it: pvesm set ${id} --content ${[...content, wanted].join(',')}`;
  return [refuse('storage-content', `${volid}: content type '${wanted}' is not available on storage '${id}'${wanted === 'images' ? ` (storage '${id}' does not support vm images)` : ''}`, remedy)];
}
