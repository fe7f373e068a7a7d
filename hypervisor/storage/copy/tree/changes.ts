import type { ManifestEntry } from './manifest.js';

/** What a pass did to a tree, as far as it is known by name. */
export interface TreeChanges {
  /** In order; what lies below goes along. */
  readonly renamed: readonly (readonly [from: string, to: string])[];
  /** Made, written, changed or removed. */
  readonly paths: readonly string[];
  /** Of these only the times were set; the mtime they have now, ns. */
  readonly times: ReadonlyMap<string, string>;
}

export const changesOf = (paths: readonly string[]): TreeChanges => ({ renamed: [], paths, times: new Map() });

type Entries = ReadonlyMap<string, ManifestEntry>;

/** A tree's entries after the renames, and the paths that have to be read again to know the rest. */
export function afterRenames(before: Entries, { renamed, paths, times }: TreeChanges): { readonly entries: Entries; readonly toRead: readonly string[] } {
  const entries = new Map(before);
  for (const [from, to] of renamed) rename(entries, from, to);
  const retimed = [...times].filter(([path, mtimeNs]) => entries.get(path)?.mtimeNs !== mtimeNs).map(([path]) => path);
  return { entries, toRead: withOtherNames(entries, new Set([...paths, ...retimed])) };
}

/** A file that is changed under one of its names has changed under all of them. */
function withOtherNames(entries: Entries, paths: ReadonlySet<string>): readonly string[] {
  const firstNames = new Set([...paths].map((path) => entries.get(path)?.hardLinkOf ?? path));
  const others = [...entries].filter(([path, { hardLinkOf }]) => !paths.has(path) && firstNames.has(hardLinkOf ?? path)).map(([path]) => path);
  return [...paths, ...others];
}

/** Enters what was read again: of a path that was read alone neither its xattrs nor its other names are known. */
export function withRead(before: Entries, paths: readonly string[], now: Entries): Entries {
  const entries = new Map(before);
  for (const path of paths) {
    const entry = now.get(path);
    const known = before.get(path);
    if (entry === undefined) for (const gone of below(entries, path)) entries.delete(gone);
    else entries.set(path, { ...entry, ...(known?.hardLinkOf === undefined ? {} : { hardLinkOf: known.hardLinkOf }), xattrs: UNKNOWN });
  }
  return new Map([...entries].sort(([a], [b]) => (a < b ? -1 : 1)));
}

const UNKNOWN = 'unknown';

function rename(entries: Map<string, ManifestEntry>, from: string, to: string): void {
  const renamed = (path: string): string => (path === from || path.startsWith(`${from}/`) ? `${to}${path.slice(from.length)}` : path);
  const moved = below(entries, from).map((path) => [path, entries.get(path)] as const);
  for (const path of [...below(entries, to), ...moved.map(([path]) => path)]) entries.delete(path);
  for (const [path, entry] of moved) if (entry !== undefined) entries.set(renamed(path), entry);
  for (const [path, entry] of entries) if (entry.hardLinkOf !== undefined) entries.set(path, { ...entry, hardLinkOf: renamed(entry.hardLinkOf) });
}

/** A path itself, and all below it. */
const below = (entries: { keys(): IterableIterator<string> }, path: string): readonly string[] =>
  [...entries.keys()].filter((name) => name === path || name.startsWith(`${path}/`));
