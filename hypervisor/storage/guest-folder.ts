import { lstat, readdir, rmdir, stat, statfs } from 'node:fs/promises';

import type { StorageFacts } from '../../domain/contracts/facts.js';
import type { Vmid, Volid } from '../../domain/ids.js';
import { run } from '../exec.js';
import { unavailable } from './volume-path.js';
import type { FreeOptions, VolumeFormat } from './volume-store.js';

/** PVE: n < 1024. */
const MAX_DISKS = 1024;

/** First free name of a guest's folder. A number is taken whatever the volume is, as PVE counts. */
export function firstFreeName(storage: string, vmid: Vmid, format: VolumeFormat, names: readonly string[]): Volid {
  const taken = new Set(names.map((name) => NUMBERED.exec(name)?.[1] ?? ''));
  const kind = format === 'subvol' ? 'subvol' : 'vm';
  for (let n = 0; n < MAX_DISKS; n += 1) if (!taken.has(String(n))) return `${storage}:${vmid}/${kind}-${vmid}-disk-${n}.${format}`;
  throw unavailable(storage, `VM ${vmid} has ${MAX_DISKS} disks there already`);
}

const NUMBERED = /^(?:vm|base|subvol)-\d+-disk-(\d+)(?:\.|$)/;

/** Names of nothing but a guest's own volumes; a base volume, which others may stand on, only for who knows that none do. */
export const isOwnVolume = (name: string, { base = false }: FreeOptions = {}): boolean => (base ? /^(?:vm|subvol|base)-\d+-/ : /^(?:vm|subvol)-\d+-/).test(name);

export async function statFolder(id: string, pathOf: () => string): Promise<StorageFacts> {
  try {
    const path = pathOf();
    const [folder, figures] = await Promise.all([stat(path), statfs(path)]);
    return { id, active: folder.isDirectory(), availableBytes: figures.bavail * figures.bsize, totalBytes: figures.blocks * figures.bsize };
  } catch {
    return { id, active: false, availableBytes: 0, totalBytes: 0 };
  }
}

export async function namesIn(folder: string): Promise<readonly string[]> {
  return readdir(folder).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  });
}

export async function isThere(path: string): Promise<boolean> {
  return lstat(path).then(() => true, (error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  });
}

/** A whole tree, but nothing that is mounted in it. */
export async function removeTree(storage: string, path: string): Promise<void> {
  const { exitCode, stderr } = await run('rm', ['-rf', '--one-file-system', '--', path], { timeoutMs: 600_000 });
  if (exitCode !== 0) throw unavailable(storage, stderr.trim());
}

export async function removeIfEmpty(folder: string): Promise<void> {
  await rmdir(folder).catch((error: unknown) => {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT' && code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error;
  });
}

