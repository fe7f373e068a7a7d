import { createHash } from 'node:crypto';

export type EntryType = 'file' | 'dir' | 'link' | 'fifo' | 'socket' | 'char' | 'block';

/** One path of a tree. Figures of the file system that are 64 bits wide are decimal text. */
export interface ManifestEntry {
  readonly type: EntryType;
  /** Permission bits, octal. */
  readonly mode: string;
  readonly uid: number;
  readonly gid: number;
  /** Of files. A directory's is the file system's own affair. */
  readonly sizeBytes: number | null;
  readonly mtimeNs: string;
  /** Of symbolic links: where they lead. */
  readonly target?: string;
  /** Of devices, as stat(2) numbers them. */
  readonly rdev?: number;
  /** The first path, in order, of the same file. */
  readonly hardLinkOf?: string;
  /** Names and values, ACLs among them. Absent: there are none, or `getfattr` is not installed. */
  readonly xattrs?: string;
  /** SHA-256 of a file's content, hex. */
  readonly digest?: string;
}

/** How a file is recognized that was not touched since: it is not read again. Not by its device: a snapshot of the tree is another one. */
export interface Untouched {
  readonly ino: string;
  readonly ctimeNs: string;
}

export interface TreeManifest {
  /** By path relative to the tree, `.` being the tree itself; in order. */
  readonly entries: ReadonlyMap<string, ManifestEntry>;
  readonly untouched: ReadonlyMap<string, Untouched>;
  /** Over all entries, hex: trees that are the same have the same one. */
  readonly digest: string;
  /** Whether `xattrs` was looked at. */
  readonly withXattrs: boolean;
  readonly files: number;
  /** What had to be read, and what was known from before. */
  readonly readBytes: number;
  readonly reusedBytes: number;
  readonly elapsedMs: number;
}

export interface Difference {
  readonly path: string;
  /** `content`, `mode`, `owner`, …; `missing` or `extra` on the side of `b`. */
  readonly what: readonly string[];
}

/** Everything in which two trees differ, by path. */
export function compareManifests(a: Pick<TreeManifest, 'entries' | 'withXattrs'>, b: Pick<TreeManifest, 'entries' | 'withXattrs'>): readonly Difference[] {
  const withXattrs = a.withXattrs && b.withXattrs;
  const paths = [...new Set([...a.entries.keys(), ...b.entries.keys()])].sort();
  return paths.flatMap((path) => {
    const what = differing(a.entries.get(path), b.entries.get(path), withXattrs);
    return what.length === 0 ? [] : [{ path, what }];
  });
}

export function combinedDigest(entries: ReadonlyMap<string, ManifestEntry>): string {
  const hash = createHash('sha256');
  for (const [path, entry] of entries) hash.update(`${JSON.stringify([path, ...FIELDS.map(([, field]) => entry[field] ?? null)])}\n`);
  return hash.digest('hex');
}

const FIELDS: readonly (readonly [what: string, field: keyof ManifestEntry])[] = [
  ['type', 'type'], ['mode', 'mode'], ['owner', 'uid'], ['group', 'gid'], ['size', 'sizeBytes'], ['mtime', 'mtimeNs'], ['link target', 'target'],
  ['device number', 'rdev'], ['hard link', 'hardLinkOf'], ['xattrs', 'xattrs'], ['content', 'digest'],
];

function differing(a: ManifestEntry | undefined, b: ManifestEntry | undefined, withXattrs: boolean): readonly string[] {
  if (b === undefined) return ['missing'];
  if (a === undefined) return ['extra'];
  return FIELDS.filter(([, field]) => a[field] !== b[field] && (field !== 'xattrs' || withXattrs)).map(([what]) => what);
}
