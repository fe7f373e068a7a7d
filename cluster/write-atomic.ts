import { randomUUID } from 'node:crypto';
import { rename, rm, writeFile } from 'node:fs/promises';

/** What a crash may leave behind is recognised by this ending. */
export const TEMPORARY = '.tmp';

/**
 * Replaces a file by one rename: a reader sees the old text or the new one. No fsync: pmxcfs makes each of its operations
 * durable by itself and ignores it. The temporary name is random, because nodes that share the directory may share process ids.
 */
export async function writeAtomic(path: string, text: string, mode: number): Promise<void> {
  const temporary = `${path}.${randomUUID()}${TEMPORARY}`;
  try {
    await writeFile(temporary, text, { flag: 'wx', mode });
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw error;
  }
}
