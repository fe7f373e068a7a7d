import { readFile, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Absentees, Cordon, CordonStore } from '../domain/contracts/cordon.js';
import type { LockOwner } from '../domain/contracts/facts.js';
import { parseAbsentees } from '../domain/edge/absentees.js';
import { MigrationError } from '../domain/errors.js';
import type { NodeName } from '../domain/ids.js';
import { absentIsNull, onClusterFiles } from './fs-errors.js';
import { openOwnFolder, type GuestFolder } from './guest-folder.js';
import { becomeHolder, dropHolder, readHolder } from './lock-records.js';
import { writeAtomic } from './write-atomic.js';

/**
 * Cordons below a PVE root: `priv/ferry/node-<name>/`. A cordon is a lock record as a guest has it (`lock-records.ts`), so of two who
 * want a node at once one gets it; `away.json` beside it says who left the node and outlives the cordon.
 */
export function createCordonStore(pveRoot: string): CordonStore {
  const within = <T>(what: string, node: NodeName, work: (folder: GuestFolder) => Promise<T>): Promise<T> =>
    onClusterFiles(`${what} failed: ${node}`, () => work(openOwnFolder(pveRoot, `${FOLDER}${node}`)));
  const read = (node: NodeName): Promise<Cordon | null> => within('read cordon', node, async (folder) => cordonOf(node, await readHolder(folder)));
  return {
    read,
    list: () => onClusterFiles('list cordons failed', async () => {
      const names = (await absentIsNull(readdir(join(pveRoot, 'priv', 'ferry')))) ?? [];
      const found = await Promise.all(names.filter((name) => name.startsWith(FOLDER)).map((name) => read(name.slice(FOLDER.length))));
      return found.filter((cordon) => cordon !== null);
    }),
    take: (cordon, isOver) => within('cordon', cordon.node, (folder) => take(folder, cordon, isOver)),
    release: (node) => within('uncordon', node, async (folder) => {
      const holder = await readHolder(folder);
      if (holder !== null) await dropHolder(folder, holder.epoch);
    }),
    absentees: (node) => within('read absentees', node, (folder) => readAway(folder, node)),
    setAbsentees: (node, absentees) => within('write absentees', node, async (folder) => {
      if (absentees !== null) return folder.write(() => writeAtomic(folder.path(AWAY), `${JSON.stringify(absentees)}\n`, 0o600));
      await rm(folder.path(AWAY), { force: true });
      await folder.tidy();
    }),
  };
}

const FOLDER = 'node-';
const AWAY = 'away.json';

async function take(folder: GuestFolder, { node, ...owner }: Cordon, isOver: (holder: Cordon) => Promise<boolean>): Promise<{ readonly isNew: boolean }> {
  const found = await readHolder(folder);
  const holder = cordonOf(node, found);
  if (holder?.epoch === owner.epoch) return { isNew: found?.inherited !== true };
  if (holder !== null && !(await isOver(holder))) throw cordonedBy(holder);
  if (holder !== null) await dropHolder(folder, holder.epoch);
  // Kept with it: whoever asks once more is told the same.
  const wanted = { ...owner, ...(holder === null ? {} : { inherited: true }) };
  const other = await claim(folder, node, wanted);
  if (other === null) return { isNew: holder === null };
  if (!(await isOver(other))) throw cordonedBy(other);
  // It ended between its claim and its cordon: nobody else would ever remove that.
  await dropHolder(folder, other.epoch);
  const another = await claim(folder, node, wanted);
  if (another !== null) throw cordonedBy(another);
  return { isNew: holder === null };
}

/** null: it is the owner's; else who is in the way. */
async function claim(folder: GuestFolder, node: NodeName, owner: LockOwner): Promise<Cordon | null> {
  try {
    await becomeHolder(folder, 0, owner);
    return null;
  } catch (error) {
    const other = error instanceof MigrationError && error.code === 'GuestLocked' ? cordonOf(node, (error.facts['owner'] as LockOwner | null | undefined) ?? null) : null;
    if (other === null) throw error;
    return other;
  }
}

export function cordonedBy({ node, workflowId, requestedBy, since }: Cordon): MigrationError {
  const remedy = `wait for it to end, or end it: ferry evacuation cancel ${node}`;
  return new MigrationError('NodeCordoned', `cordon failed: ${node}: ${workflowId} empties it already, requested by ${requestedBy} at ${since}; ${remedy}`, { workflowId });
}

function cordonOf(node: NodeName, owner: LockOwner | null): Cordon | null {
  if (owner === null) return null;
  const { epoch, workflowId, requestedBy, since, reason } = owner;
  return { node, epoch, workflowId, requestedBy, since, ...(reason === undefined ? {} : { reason }) };
}

async function readAway(folder: GuestFolder, node: NodeName): Promise<Absentees | null> {
  const text = await absentIsNull(readFile(folder.path(AWAY), 'utf8'));
  if (text === null) return null;
  try {
    return parseAbsentees(text);
  } catch {
    throw new MigrationError('InvalidInput', `read absentees failed: ${node}: ${folder.path(AWAY)} is not what ferry writes; bring its guests home with \`ferry migrate\` and remove it`);
  }
}
