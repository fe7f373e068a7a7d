import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { MigrationError } from '../domain/errors.js';
import type { Epoch, Vmid } from '../domain/ids.js';
import { absentIsNull, errnoOf } from './fs-errors.js';
import type { GuestFolder } from './guest-folder.js';
import { poll } from './poll.js';
import { writeAtomic } from './write-atomic.js';

/** The secret of one migration, `<epoch>.key`: 32 random bytes in hex, made by the first who asks. */
export async function createSecret(folder: GuestFolder, epoch: Epoch): Promise<string> {
  const path = keyPath(folder, epoch);
  const secret = randomBytes(32).toString('hex');
  if (await folder.write(() => writeExclusively(path, secret))) return secret;
  let found = await load(path);
  await poll(async () => (found ??= await load(path)) !== null, OTHER_ATTEMPT_MS);
  if (found !== null) return found;
  // Whoever created the file died before writing into it.
  await folder.write(() => writeAtomic(path, secret, 0o600));
  return secret;
}

/** Throws `StaleEpoch` when this epoch has no secret (any more). */
export async function readSecret(folder: GuestFolder, vmid: Vmid, epoch: Epoch): Promise<string> {
  await folder.list();
  const secret = await load(keyPath(folder, epoch));
  if (secret === null) throw new MigrationError('StaleEpoch', `read secret failed: VM ${vmid}: this migration has no secret; it has ended`);
  return secret;
}

const OTHER_ATTEMPT_MS = 1000;
const keyPath = (folder: GuestFolder, epoch: Epoch): string => folder.path(`${epoch}.key`);

async function load(path: string): Promise<string | null> {
  const text = await absentIsNull(readFile(path, 'utf8'));
  return text !== null && /^[0-9a-f]{64}$/.test(text) ? text : null;
}

async function writeExclusively(path: string, text: string): Promise<boolean> {
  try {
    await writeFile(path, text, { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return false;
    throw error;
  }
}
