import { MigrationError } from '../errors.js';

/** PVE's map from source to target storages. */
export interface StorageMap {
  readonly entries: Readonly<Record<string, string>>;
  /** For every source without an entry; null: it keeps its name. */
  readonly fallback: string | null;
}

/**
 * Parses PVE's syntax: `1` (every storage keeps its name), `target` (for the rest), `source:target`, comma-separated.
 * Absent or empty: every storage keeps its name. Throws `InvalidInput` in PVE's words.
 */
export function parseStorageMap(text: string | undefined): StorageMap {
  const items = (text ?? '').split(/[,;\s\0]+/).filter((item) => item !== '');
  const entries = new Map<string, string>();
  let fallback: string | null = null;
  for (const item of items.filter((written) => written !== '1')) {
    const [, source, target] = /^([^:]+):([^:]+)$/.exec(item) ?? [];
    for (const id of source === undefined ? [item] : [source, target]) refuseBadId(item, id ?? '');
    if (source === undefined) {
      if (fallback !== null) throw unparsable('default target ID can only be provided once');
      fallback = item;
    } else if (entries.has(source)) throw unparsable(`duplicate mapping for source '${source}'`);
    else entries.set(source, target ?? source);
  }
  if (items.includes('1') && items.some((item) => item !== '1')) throw unparsable('identity mapping cannot be combined with other mappings');
  return { entries: Object.fromEntries(entries), fallback };
}

/** Where a source storage's volumes go: its own entry, else the fallback, else the same name. */
export function mapStorage({ entries, fallback }: StorageMap, storageId: string): string {
  const entry = Object.hasOwn(entries, storageId) ? entries[storageId] : undefined;
  return entry ?? fallback ?? storageId;
}

/** PVE's form of a storage's name. */
export const STORAGE_ID = /^[a-z][a-z0-9\-_.]*[a-z0-9]$/i;

function refuseBadId(item: string, id: string): void {
  if (!STORAGE_ID.test(id)) throw unparsable(`entry '${item}' contains invalid ID - storage ID '${id}' contains illegal characters`);
}

const unparsable = (cause: string): MigrationError => new MigrationError('InvalidInput', `failed to parse storage map: ${cause}`);
