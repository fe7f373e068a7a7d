import { readFile, rm } from 'node:fs/promises';
import { z } from 'zod';
import type { LockOwner } from '../domain/contracts/facts.js';
import { MigrationError } from '../domain/errors.js';
import type { Epoch, Vmid } from '../domain/ids.js';
import { absentIsNull } from './fs-errors.js';
import type { GuestFolder } from './guest-folder.js';
import { poll } from './poll.js';
import { writeAtomic } from './write-atomic.js';

/** Who holds a guest's lock: null, nobody. */
export async function readHolder(folder: GuestFolder): Promise<LockOwner | null> {
  await folder.list();
  return load(folder.path(HOLDER));
}

/**
 * Becomes the holder, or throws `GuestLocked` and leaves nothing behind.
 *
 * pmxcfs has no link(2), and a file created exclusively is empty until it is written: a crash in between would leave a lock
 * that nobody owns. So everyone who wants the lock first writes a claim of his own, `<epoch>.claim`, complete, by one rename.
 * Who then sees no other claim is the holder and says so in `lock.json`. Of two who claim at once at least one sees the other
 * (each writes before he reads), so there are never two holders; the lower epoch waits for the higher one to step back. Every
 * file has a name and an owner who can remove it.
 */
export async function becomeHolder(folder: GuestFolder, vmid: Vmid, owner: LockOwner): Promise<void> {
  const own = claimName(owner.epoch);
  await folder.write(() => writeAtomic(folder.path(own), textOf(owner), 0o600));
  try {
    const isAlone = await poll(() => aloneOrRefused(folder, vmid, own), STEP_BACK_MS);
    if (!isAlone) throw lockedBy(vmid, await firstOther(folder, own));
    await folder.write(() => writeAtomic(folder.path(HOLDER), textOf(owner), 0o600));
  } catch (error) {
    await rm(folder.path(own), { force: true });
    throw error;
  }
}

/** Removes this epoch's part of the lock; the claim last, so that nobody comes in between. */
export async function dropHolder(folder: GuestFolder, epoch: Epoch): Promise<void> {
  if ((await readHolder(folder))?.epoch === epoch) await rm(folder.path(HOLDER), { force: true });
  await rm(folder.path(claimName(epoch)), { force: true });
  await folder.tidy();
}

export function lockedBy(vmid: Vmid, owner: LockOwner | null): MigrationError {
  const who = owner === null ? 'another migration' : `${owner.workflowId}, requested by ${owner.requestedBy} at ${owner.since}`;
  const remedy = `wait for ${owner?.workflowId ?? 'it'} to end, or end it: ferry cancel ${vmid}`;
  return new MigrationError('GuestLocked', `lock guest failed: VM ${vmid}: VM is locked (migrate) by ${who}; ${remedy}`, { owner });
}

const HOLDER = 'lock.json';
const STEP_BACK_MS = 2000;
const claimName = (epoch: Epoch): string => `${epoch}.claim`;
const textOf = (owner: LockOwner): string => `${JSON.stringify(owner)}\n`;

async function aloneOrRefused(folder: GuestFolder, vmid: Vmid, own: string): Promise<boolean> {
  const others = await otherClaims(folder, own);
  const holder = await load(folder.path(HOLDER));
  if (holder !== null && claimName(holder.epoch) !== own) throw lockedBy(vmid, holder);
  const lower = others.find((name) => name < own);
  if (lower !== undefined) throw lockedBy(vmid, await load(folder.path(lower)));
  return others.length === 0;
}

const otherClaims = async (folder: GuestFolder, own: string): Promise<string[]> =>
  (await folder.list()).filter((name) => name.endsWith('.claim') && name !== own).sort();

async function firstOther(folder: GuestFolder, own: string): Promise<LockOwner | null> {
  const [name] = await otherClaims(folder, own);
  return name === undefined ? null : load(folder.path(name));
}

const ownerSchema = z.object({ epoch: z.string(), workflowId: z.string(), requestedBy: z.string(), since: z.string(), reason: z.string().optional(), nodes: z.array(z.string()).optional(), inherited: z.boolean().optional() });

async function load(path: string): Promise<LockOwner | null> {
  const text = await absentIsNull(readFile(path, 'utf8'));
  if (text === null) return null;
  const parsed = ownerSchema.safeParse(jsonOf(text));
  // Written whole by ferry, so somebody else changed it: a lock all the same.
  if (!parsed.success) throw new MigrationError('GuestLocked', `read lock failed: ${path} does not say who owns it; when no migration of this guest runs, remove it`);
  const { reason, nodes, inherited, ...owner } = parsed.data;
  return { ...owner, ...(reason === undefined ? {} : { reason }), ...(nodes === undefined ? {} : { nodes }), ...(inherited === undefined ? {} : { inherited }) };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
