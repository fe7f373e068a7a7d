import { createHash } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import { lstat, open, readdir, readFile, readlink } from 'node:fs/promises';
import { MigrationError, messageOf } from '../../../../domain/errors.js';
import { combinedDigest, type EntryType, type ManifestEntry, type TreeManifest, type Untouched } from './manifest.js';
import { xattrsOf } from './xattrs.js';

export interface HashTreeOptions {
  /** An earlier manifest of the same tree: a file whose size, mtime, ctime and inode are the same is not read again. */
  readonly previous?: TreeManifest | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Files that are looked at together (default 16). */
  readonly concurrency?: number;
}

const READ_BYTES = 1024 * 1024;

/** A path as the file system has it: a name need not be text. */
interface Found {
  readonly path: Buffer;
  readonly stats: BigIntStats;
}

/** What a tree is, exactly. Nobody may write to it meanwhile. Throws `StorageUnavailable`, or the signal's reason. */
export async function hashTree(dir: string, options: HashTreeOptions = {}): Promise<TreeManifest> {
  const beganAtMs = performance.now();
  try {
    const [found, xattrs] = await Promise.all([walk(dir, options), xattrsOf(dir)]);
    const paths = [...found.keys()].sort();
    const firstOf = firstPaths(paths, found);
    const tally = { readBytes: 0, reusedBytes: 0 };
    const entries = await eachOf(paths, options, async (path) => {
      const at = found.get(path) as Found;
      return [path, await entryOf(path, at, firstOf.get(inodeOf(at.stats)), xattrs?.get(path), options.previous, tally)] as const;
    });
    const linked = withLinkedDigests(new Map(entries));
    return {
      entries: linked, digest: combinedDigest(linked), withXattrs: xattrs !== null, ...tally,
      untouched: new Map(paths.map((path) => [path, untouchedOf((found.get(path) as Found).stats)])),
      files: [...linked.values()].filter(({ type }) => type === 'file').length, elapsedMs: performance.now() - beganAtMs,
    };
  } catch (error) {
    if (error instanceof MigrationError || options.signal?.aborted === true) throw error;
    throw new MigrationError('StorageUnavailable', `read tree failed: ${dir}: ${messageOf(error)}`, { dir }, error);
  }
}

/** One path as it is now, by itself: without xattrs, and without what other paths are the same file. */
export async function entryAt(path: string): Promise<ManifestEntry> {
  const at = Buffer.from(path);
  return entryOf('.', { path: at, stats: await lstat(at, { bigint: true }) }, undefined, undefined, undefined, { readBytes: 0, reusedBytes: 0 });
}

async function walk(dir: string, options: HashTreeOptions): Promise<Map<string, Found>> {
  const root = { path: Buffer.from(dir), stats: await lstat(dir, { bigint: true }) };
  const found = new Map<string, Found>([['.', root]]);
  let folders: Buffer[] = [root.path];
  while (folders.length > 0) {
    const next: Buffer[] = [];
    await eachOf(folders, options, async (folder) => {
      for (const name of await readdir(folder, { encoding: 'buffer' })) {
        const path = Buffer.concat([folder, Buffer.from('/'), name]);
        const stats = await lstat(path, { bigint: true });
        found.set(asText(path.subarray(root.path.length + 1)), { path, stats });
        if (stats.isDirectory()) next.push(path);
      }
    });
    folders = next;
  }
  return found;
}

/** Names that are no UTF-8 get one of their own that is. */
function asText(path: Buffer): string {
  const text = path.toString('utf8');
  return Buffer.from(text).equals(path) ? text : `bytes:${path.toString('latin1')}`;
}

/** Paths of files with several names, by inode: the first name in order. */
function firstPaths(paths: readonly string[], found: ReadonlyMap<string, Found>): ReadonlyMap<string, string> {
  const first = new Map<string, string>();
  for (const path of paths) {
    const { stats } = found.get(path) as Found;
    if (stats.nlink > 1n && !stats.isDirectory() && !first.has(inodeOf(stats))) first.set(inodeOf(stats), path);
  }
  return first;
}

async function entryOf(
  path: string, { path: at, stats }: Found, firstPath: string | undefined, xattrs: string | undefined, previous: TreeManifest | undefined,
  tally: { readBytes: number; reusedBytes: number },
): Promise<ManifestEntry> {
  const type = typeOf(stats);
  const entry: ManifestEntry = {
    type, mode: (stats.mode & 0o7777n).toString(8), uid: Number(stats.uid), gid: Number(stats.gid),
    sizeBytes: type === 'file' ? Number(stats.size) : null, mtimeNs: String(stats.mtimeNs), ...(xattrs === undefined ? {} : { xattrs }),
    ...(firstPath === undefined || firstPath === path ? {} : { hardLinkOf: firstPath }),
  };
  if (type === 'link') return { ...entry, target: asText(await readlink(at, { encoding: 'buffer' })) };
  if (type === 'char' || type === 'block') return { ...entry, rdev: Number(stats.rdev) };
  if (type !== 'file' || entry.hardLinkOf !== undefined) return entry;
  const known = knownDigest(path, entry, untouchedOf(stats), previous);
  if (known !== undefined) tally.reusedBytes += Number(stats.size);
  else tally.readBytes += Number(stats.size);
  return { ...entry, digest: known ?? await digestFile(at, Number(stats.size)) };
}

/** Each name of a file has the content of its first one. */
function withLinkedDigests(entries: ReadonlyMap<string, ManifestEntry>): ReadonlyMap<string, ManifestEntry> {
  return new Map([...entries].map(([path, entry]) => {
    const digest = entry.hardLinkOf === undefined ? undefined : entries.get(entry.hardLinkOf)?.digest;
    return [path, digest === undefined ? entry : { ...entry, digest }];
  }));
}

function knownDigest(path: string, entry: ManifestEntry, now: Untouched, previous: TreeManifest | undefined): string | undefined {
  const [before, then] = [previous?.entries.get(path), previous?.untouched.get(path)];
  const same = before?.sizeBytes === entry.sizeBytes && before?.mtimeNs === entry.mtimeNs && then?.ctimeNs === now.ctimeNs && then.ino === now.ino;
  return same ? before?.digest : undefined;
}

async function digestFile(path: Buffer, sizeBytes: number): Promise<string> {
  const hash = createHash('sha256');
  if (sizeBytes <= READ_BYTES) return hash.update(await readFile(path)).digest('hex');
  const file = await open(path, 'r');
  try {
    const buffer = Buffer.allocUnsafe(READ_BYTES);
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, buffer.length, null);
      if (bytesRead === 0) return hash.digest('hex');
      hash.update(buffer.subarray(0, bytesRead));
    }
  } finally {
    await file.close();
  }
}

/** In the order of `items`. */
async function eachOf<T, R>(items: readonly T[], { concurrency = 16, signal }: HashTreeOptions, work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let at = next; at < items.length; at = next) {
      next += 1;
      signal?.throwIfAborted();
      results[at] = await work(items[at] as T);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, lane));
  return results;
}

function typeOf(stats: BigIntStats): EntryType {
  if (stats.isFile()) return 'file';
  if (stats.isDirectory()) return 'dir';
  if (stats.isSymbolicLink()) return 'link';
  if (stats.isFIFO()) return 'fifo';
  if (stats.isSocket()) return 'socket';
  return stats.isCharacterDevice() ? 'char' : 'block';
}

const inodeOf = (stats: BigIntStats): string => `${stats.dev}:${stats.ino}`;
const untouchedOf = (stats: BigIntStats): Untouched => ({ ino: String(stats.ino), ctimeNs: String(stats.ctimeNs) });
