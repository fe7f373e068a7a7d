import { readdir } from 'node:fs/promises';

/** What is in a directory; nothing when there is none. Another lab may remove it at any moment, so it is not looked for first. */
export async function namesIn(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
