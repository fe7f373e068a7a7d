import { rename, rm, writeFile } from 'node:fs/promises';
import type { Decision } from '../domain/contracts/activities.js';
import type { CommitToken } from '../domain/contracts/ports.js';
import { MigrationError } from '../domain/errors.js';
import type { Epoch, Vmid } from '../domain/ids.js';
import { createSecret, readSecret } from './epoch-secret.js';
import { errnoOf, onClusterFiles } from './fs-errors.js';
import { openGuestFolder, type GuestFolder } from './guest-folder.js';
import { poll } from './poll.js';

/**
 * The commit token below a PVE root: `priv/ferry/<vmid>/<epoch>.<state>`.
 * - It is made once, never again: `<epoch>.made` is created exclusively before it and stays until the epoch is forgotten. A
 *   late second attempt can therefore not put `undecided` back after the decision, where a second rename would find it.
 * - The decision is the rename of `undecided`. Both sides rename this one name, so only one of them can succeed, and no
 *   rename ever meets an existing target.
 * - "There is no token" is only said after a write succeeded: a node without quorum may not have seen it yet.
 */
export function createCommitToken(pveRoot: string): CommitToken {
  const within = <T>(what: string, vmid: Vmid, epoch: Epoch, work: (folder: GuestFolder) => Promise<T>): Promise<T> => {
    if (!/^[\w-]+$/.test(epoch)) throw new MigrationError('Internal', `${what} failed: not an epoch: ${JSON.stringify(epoch)}`);
    return onClusterFiles(`${what} failed: VM ${vmid}`, () => work(openGuestFolder(pveRoot, vmid)));
  };
  return {
    create: async (vmid, epoch) => within('create commit token', vmid, epoch, (folder) => create(folder, vmid, epoch)),
    probeWritable: async (vmid) => onClusterFiles(`probe commit token failed: VM ${vmid}`, () => openGuestFolder(pveRoot, vmid).probe()),
    read: async (vmid, epoch) => within('read commit token', vmid, epoch, (folder) => read(folder, epoch)),
    decide: async (vmid, epoch, wanted) => within(`decide ${wanted}`, vmid, epoch, (folder) => decide(folder, vmid, epoch, wanted)),
    giveBack: async (vmid, epoch) => within('give back', vmid, epoch, (folder) => giveBack(folder, vmid, epoch)),
    forget: async (vmid, epoch) => within('forget epoch', vmid, epoch, (folder) => forget(folder, epoch)),
    createSecret: async (vmid, epoch) => within('create secret', vmid, epoch, (folder) => createSecret(folder, epoch)),
    readSecret: async (vmid, epoch) => within('read secret', vmid, epoch, (folder) => readSecret(folder, vmid, epoch)),
  };
}

type Decided = 'committed' | 'aborted';

async function create(folder: GuestFolder, vmid: Vmid, epoch: Epoch): Promise<void> {
  const isFirst = await folder.write(() => createExclusively(folder.path(`${epoch}.made`)));
  if (isFirst) await createExclusively(folder.path(`${epoch}.undecided`));
  else if (!(await poll(async () => (await listed(folder, epoch)) !== 'none', OTHER_ATTEMPT_MS))) {
    const cause = 'an earlier attempt of this migration ended while it made the token; start the migration again';
    throw new MigrationError('StaleEpoch', `create commit token failed: VM ${vmid}: ${cause}`);
  }
}

/** How long another attempt may take from its marker to the token. */
const OTHER_ATTEMPT_MS = 1000;

async function createExclusively(path: string): Promise<boolean> {
  try {
    await writeFile(path, '', { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return false;
    throw error;
  }
}

async function read(folder: GuestFolder, epoch: Epoch): Promise<Decision> {
  const seen = await listed(folder, epoch);
  if (seen !== 'none') return seen;
  await folder.probe();
  // Also for a listing that a rename overtook: whatever was missed then is there now.
  const now = await listed(folder, epoch);
  if (now === 'none') await folder.tidy();
  return now;
}

/** What the names say. A decided name stands for good; both at once can't be. */
async function listed(folder: GuestFolder, epoch: Epoch): Promise<Decision> {
  const names = await folder.list();
  const [state, ...others] = (['committed', 'aborted'] as const).filter((decided) => names.includes(`${epoch}.${decided}`));
  if (others.length > 0) throw new MigrationError('OwnershipUnknown', `read commit token failed: ${folder.path(epoch)} is committed and aborted: look at both nodes`);
  return state ?? (names.includes(`${epoch}.undecided`) ? 'undecided' : 'none');
}

async function decide(folder: GuestFolder, vmid: Vmid, epoch: Epoch, wanted: Decided): Promise<Decision> {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const now = await tryToDecide(folder, epoch, wanted);
    if (now !== 'undecided') return now;
  }
  throw new MigrationError('OwnershipUnknown', `decide ${wanted} failed: VM ${vmid}: the token is listed but can't be renamed`);
}

/** Once more is enough for a token made between the rename and the reading. */
const ATTEMPTS = 3;

async function tryToDecide(folder: GuestFolder, epoch: Epoch, wanted: Decided): Promise<Decision> {
  try {
    await rename(folder.path(`${epoch}.undecided`), folder.path(`${epoch}.${wanted}`));
    return wanted;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return read(folder, epoch);
    // A read-only file system may refuse before it looks for the file. What was decided stands all the same.
    const before = await listed(folder, epoch);
    if (before === 'committed' || before === 'aborted') return before;
    throw error;
  }
}

async function giveBack(folder: GuestFolder, vmid: Vmid, epoch: Epoch): Promise<void> {
  try {
    await rename(folder.path(`${epoch}.committed`), folder.path(`${epoch}.aborted`));
  } catch (error) {
    const now = errnoOf(error) === 'ENOENT' ? await read(folder, epoch) : null;
    if (now === null) throw error;
    if (now !== 'aborted') throw new MigrationError('OwnershipUnknown', `give back failed: VM ${vmid}: the token says ${now}`);
  }
}

/** The marker goes last: while anything of the epoch is left, no second token can be made. */
async function forget(folder: GuestFolder, epoch: Epoch): Promise<void> {
  const remove = (ending: string): Promise<void> => rm(folder.path(`${epoch}.${ending}`), { force: true });
  await Promise.all(['key', 'undecided', 'committed', 'aborted'].map(remove));
  await remove('made');
  await folder.tidy();
}
