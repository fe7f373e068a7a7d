import type { LockOwner } from '../domain/contracts/facts.js';
import type { GuestConfigStore, GuestKind, GuestLock } from '../domain/contracts/ports.js';
import { MigrationError } from '../domain/errors.js';
import { readConfigSections } from '../domain/guest/config-sections.js';
import { editGuestConfig } from '../domain/guest/edit-guest-config.js';
import type { EpochRef, NodeName, Vmid } from '../domain/ids.js';
import { onClusterFiles } from './fs-errors.js';
import { openGuestFolder, type GuestFolder } from './guest-folder.js';
import { becomeHolder, dropHolder, lockedBy, readHolder } from './lock-records.js';
import { readWhereItIs } from './read-where-it-is.js';

/**
 * A guest's lock: the owner record (`lock-records.ts`), then PVE's own `lock: migrate` in the config, so that PVE's tools
 * keep away too. Released in the opposite order: a `lock: migrate` without a record is never ours.
 */
export function createGuestLock(pveRoot: string, configs: GuestConfigStore): GuestLock {
  return {
    take: async (vmid, node, owner) => onClusterFiles(`lock guest failed: VM ${vmid}`, () => take(openGuestFolder(pveRoot, vmid), configs, vmid, node, owner)),
    release: async (vmid, epoch, last) => onClusterFiles(`unlock guest failed: VM ${vmid}`, () => release(openGuestFolder(pveRoot, vmid), configs, { vmid, epoch }, last)),
    owner: async (vmid) => onClusterFiles(`read lock failed: VM ${vmid}`, () => readHolder(openGuestFolder(pveRoot, vmid))),
  };
}

const OURS = 'migrate';

async function take(folder: GuestFolder, configs: GuestConfigStore, vmid: Vmid, node: NodeName, owner: LockOwner): Promise<void> {
  const holder = await readHolder(folder);
  if (holder !== null && holder.epoch !== owner.epoch) throw lockedBy(vmid, holder);
  if (holder !== null) return markConfig(configs, vmid, node, [null, OURS]);
  refuseLock(vmid, lockIn(await configs.read(vmid, await kindOf(configs, vmid), node)), [null]);
  await becomeHolder(folder, vmid, owner);
  try {
    await markConfig(configs, vmid, node, [null]);
  } catch (error) {
    // PVE was quicker. Any other failure keeps the record: the next attempt goes on from there, or release removes it.
    if (error instanceof MigrationError && error.code === 'GuestLocked') await dropHolder(folder, owner.epoch);
    throw error;
  }
}

async function markConfig(configs: GuestConfigStore, vmid: Vmid, node: NodeName, allowed: readonly (string | null)[]): Promise<void> {
  const kind = await kindOf(configs, vmid);
  const text = await configs.read(vmid, kind, node);
  const lock = lockIn(text);
  refuseLock(vmid, lock, allowed);
  if (lock === null) await configs.write(vmid, kind, node, editGuestConfig(text, { set: { lock: OURS } }));
}

function refuseLock(vmid: Vmid, lock: string | null, allowed: readonly (string | null)[]): void {
  if (allowed.includes(lock)) return;
  const remedy = `wait for the ${lock} to end; when it is certain that it has ended: qm unlock ${vmid}`;
  throw new MigrationError('GuestLocked', `lock guest failed: VM ${vmid}: VM is locked (${lock}); ${remedy}`, { lock });
}

async function release(folder: GuestFolder, configs: GuestConfigStore, { vmid, epoch }: EpochRef, last?: Promise<unknown>): Promise<void> {
  const holder = await readHolder(folder);
  if (holder?.epoch === epoch) await unmarkConfig(configs, vmid);
  await last;
  await dropHolder(folder, epoch);
}

async function unmarkConfig(configs: GuestConfigStore, vmid: Vmid): Promise<void> {
  const where = await readWhereItIs(configs, vmid);
  if (where !== null && lockIn(where.text) === OURS) await configs.write(vmid, where.kind, where.node, editGuestConfig(where.text, { delete: ['lock'] }));
}

/** A guest without a config is told of by whoever reads it next. */
const kindOf = async (configs: GuestConfigStore, vmid: Vmid): Promise<GuestKind> => (await configs.find(vmid))?.kind ?? 'qemu';

const lockIn = (text: string): string | null => readConfigSections(text).current['lock'] ?? null;
