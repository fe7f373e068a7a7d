import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { MigrationError } from '../../../../domain/errors.js';
import { entryAt } from './hash-tree.js';
import type { ManifestEntry } from './manifest.js';

/**
 * Some entries of a tree, without their xattrs and links among each other; a path that is not there has none. For what a last pass has
 * changed: walking the whole tree would take a stopped container's time. Throws `InvalidInput` for a path that leads out of the tree.
 */
export async function hashPaths(dir: string, paths: readonly string[]): Promise<ReadonlyMap<string, ManifestEntry>> {
  const entries = new Map<string, ManifestEntry>();
  for (const path of paths) {
    await requireInside(dir, path);
    const entry = await entryAt(path === '.' ? dir : join(dir, path)).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw error;
    });
    if (entry !== null) entries.set(path, entry);
  }
  return entries;
}

/** No step of the way may be a link: what is in a container's tree is the container's to choose. */
async function requireInside(dir: string, path: string): Promise<void> {
  const steps = path.split('/');
  const outside = (): MigrationError => new MigrationError('InvalidInput', `read tree failed: ${path} is no path inside it`, { path });
  if (path === '.') return;
  if (path === '' || steps.some((step) => step === '' || step === '.' || step === '..') || path.includes('\0')) throw outside();
  for (let at = 1; at < steps.length; at += 1) {
    const found = await lstat(join(dir, ...steps.slice(0, at))).catch(() => null);
    if (found === null) return;
    if (!found.isDirectory()) throw outside();
  }
}
