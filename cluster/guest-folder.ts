import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rm, rmdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MigrationError } from '../domain/errors.js';
import type { Vmid } from '../domain/ids.js';
import { absentIsNull, errnoOf } from './fs-errors.js';
import { TEMPORARY } from './write-atomic.js';

/** `<pve root>/priv/ferry/<vmid>`: what the cluster knows about one guest's migrations. Only root may read it. */
export interface GuestFolder {
  path(name: string): string;
  /** Names in it; none when it is not there. Throws `ClusterReadOnly` when the cluster file system is not mounted. */
  list(): Promise<readonly string[]>;
  /** Runs `write` with the folder there; again when somebody tidied up in between. */
  write<T>(write: () => Promise<T>): Promise<T>;
  /** Writes and removes a file. Having done so, this node has seen everything that was decided before. */
  probe(): Promise<void>;
  /** Removes what crashed writers left, and the folder when it is empty. */
  tidy(): Promise<void>;
}

export const openGuestFolder = (pveRoot: string, vmid: Vmid): GuestFolder => openOwnFolder(pveRoot, String(vmid));

/** As `openGuestFolder`, by name: what ferry keeps of a node is in one like it. */
export function openOwnFolder(pveRoot: string, name: string): GuestFolder {
  const priv = join(pveRoot, 'priv');
  const all = join(priv, 'ferry');
  const own = join(all, name);
  const path = (file: string): string => join(own, file);

  const write = async <T>(work: () => Promise<T>): Promise<T> => {
    for (let attempt = 1; ; attempt += 1) {
      await requireMounted(priv);
      try {
        // One level at a time: below an unmounted /etc/pve nothing must be made.
        for (const folder of [all, own]) await makeFolder(folder);
        return await work();
      } catch (error) {
        if (errnoOf(error) !== 'ENOENT' || attempt === ATTEMPTS) throw error;
      }
    }
  };

  return {
    path,
    write,
    list: async () => {
      await requireMounted(priv);
      const names = await absentIsNull(readdir(own));
      if (names === null) await requireMounted(priv);
      return names ?? [];
    },
    probe: () => write(async () => {
      const probe = path(`${randomUUID()}${TEMPORARY}`);
      await writeFile(probe, '', { flag: 'wx', mode: 0o600 });
      await rm(probe, { force: true });
    }),
    tidy: async () => {
      const names = (await absentIsNull(readdir(own))) ?? [];
      for (const name of names.filter((left) => left.endsWith(TEMPORARY))) await rm(path(name), { force: true });
      await removeEmpty(own);
    },
  };
}

const ATTEMPTS = 10;

/** Without its mount, /etc/pve is an empty folder: "no such file" there must never be read as "it was never decided". */
async function requireMounted(priv: string): Promise<void> {
  if ((await absentIsNull(stat(priv))) !== null) return;
  throw new MigrationError('ClusterReadOnly', `read cluster file system failed: ${priv} is not there: the cluster file system is not mounted`);
}

async function makeFolder(path: string): Promise<void> {
  await mkdir(path, { mode: 0o700 }).catch((error: unknown) => {
    if (errnoOf(error) !== 'EEXIST') throw error;
  });
}

async function removeEmpty(path: string): Promise<void> {
  await rmdir(path).catch((error: unknown) => {
    if (!['ENOENT', 'ENOTEMPTY', 'EEXIST'].includes(errnoOf(error) ?? '')) throw error;
  });
}
