import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Epoch, Vmid } from '../../domain/ids.js';
import { MigrationError } from '../../domain/errors.js';

/** `<dir>/<vmid>/<number>-<epoch>.jsonl`: the number grows with every epoch opened on this node. */
export interface EntryName {
  readonly vmid: Vmid;
  readonly number: number;
  readonly epoch: Epoch;
}

export const entryPath = (dir: string, { vmid, number, epoch }: EntryName): string =>
  join(dir, String(vmid), `${number}-${safeEpoch(epoch)}.jsonl`);

/** Entries of one guest, oldest first. */
export async function listEntries(dir: string, vmid: Vmid): Promise<EntryName[]> {
  const names = (await list(join(dir, String(vmid)))).flatMap((file) => {
    const match = /^(\d+)-(.+)\.jsonl$/.exec(file);
    return match?.[1] !== undefined && match[2] !== undefined ? [{ vmid, number: Number(match[1]), epoch: match[2] }] : [];
  });
  return names.sort((a, b) => a.number - b.number);
}

export const listGuests = async (dir: string): Promise<Vmid[]> =>
  (await list(dir)).filter((name) => /^\d+$/.test(name)).map(Number);

async function list(dir: string): Promise<string[]> {
  try {
    return await readdir(dir);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

function safeEpoch(epoch: Epoch): Epoch {
  if (!/^[A-Za-z0-9_-]{1,128}$/.test(epoch)) {
    throw new MigrationError('InvalidInput', `open journal failed: epoch ${JSON.stringify(epoch)}: not usable as a file name`);
  }
  return epoch;
}
