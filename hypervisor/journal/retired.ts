import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Epoch, Vmid } from '../../domain/ids.js';

/** Notes (fsync) an epoch whose entry is about to be removed, so that a late command of it is still refused. */
export async function retire(dir: string, vmid: Vmid, epoch: Epoch): Promise<void> {
  const file = await open(retiredPath(dir, vmid), 'a', 0o600);
  try {
    await file.appendFile(`${epoch}\n`);
    await file.datasync();
  } finally {
    await file.close();
  }
}

export async function isRetired(dir: string, vmid: Vmid, epoch: Epoch): Promise<boolean> {
  try {
    return (await readFile(retiredPath(dir, vmid), 'utf8')).split('\n').includes(epoch);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

const retiredPath = (dir: string, vmid: Vmid): string => join(dir, String(vmid), 'retired');
