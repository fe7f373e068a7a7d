import { lstat } from 'node:fs/promises';
import { run, runOk } from '../../exec.js';

const MOST_MS = 600_000;

/** Whether this is a btrfs subvolume: its root has inode 256 (BTRFS_FIRST_FREE_OBJECTID). */
export async function isSubvolume(path: string): Promise<boolean> {
  return lstat(path).then((found) => found.isDirectory() && found.ino === 256, () => false);
}

/** Makes an empty one. Throws `StorageUnavailable` with the tool's own words. */
export const makeSubvolume = (path: string): Promise<string> => btrfs(['subvolume', 'create', '--', path]);

/** A snapshot, written to by nobody (`readonly`) or a volume of its own. */
export const snapshotSubvolume = (from: string, to: string, kind: 'readonly' | 'writable'): Promise<string> =>
  btrfs(['subvolume', 'snapshot', ...(kind === 'readonly' ? ['-r'] : []), '--', from, to]);

/** No error when there is none. */
export async function deleteSubvolume(path: string): Promise<void> {
  if (await isSubvolume(path)) await btrfs(['subvolume', 'delete', '--commit-after', '--', path]);
}

/** With those that lie inside it, which keep it from being deleted. Nobody may use it any more. */
export async function deleteSubvolumeTree(path: string): Promise<void> {
  if (await isSubvolume(path) && (await nestedSubvolumes(path)).length > 0) {
    const found = await runOk('find', [path, '-mindepth', '1', '-depth', '-type', 'd', '-inum', '256', '-print0'], { code: 'StorageUnavailable', timeoutMs: MOST_MS });
    for (const inner of found.split('\0').filter((name) => name !== '')) await deleteSubvolume(inner);
  }
  await deleteSubvolume(path);
}

/** Subvolumes that lie inside this one: no snapshot of it, and no stream, holds what is in them. Paths from the file system's top. */
export async function nestedSubvolumes(path: string): Promise<readonly string[]> {
  const listed = await runOk('btrfs', ['subvolume', 'list', '-o', '--', path], { code: 'StorageUnavailable', timeoutMs: 60_000, env: { LC_ALL: 'C' } });
  return [...listed.matchAll(/^ID .* path (.+)$/gm)].map(([, name]) => String(name));
}

export interface SubvolumeIds {
  readonly uuid: string;
  /** Of the subvolume it was received from; null: it was made here. */
  readonly receivedUuid: string | null;
  /** Of the subvolume it is a snapshot of. */
  readonly parentUuid: string | null;
  readonly readonly: boolean;
}

/** null: there is no such subvolume. */
export async function subvolumeIds(path: string): Promise<SubvolumeIds | null> {
  const { exitCode, stdout } = await run('btrfs', ['subvolume', 'show', '--', path], { timeoutMs: 60_000, env: { LC_ALL: 'C' } });
  if (exitCode !== 0) return null;
  const field = (name: string): string | null => new RegExp(`^\\s*${name}:[ \\t]*([^\\s-]\\S*)`, 'm').exec(stdout)?.[1] ?? null;
  return { uuid: field('UUID') ?? '', receivedUuid: field('Received UUID'), parentUuid: field('Parent UUID'), readonly: field('Flags') === 'readonly' };
}

const btrfs = (args: readonly string[]): Promise<string> => runOk('btrfs', ['-q', ...args], { code: 'StorageUnavailable', timeoutMs: MOST_MS });
