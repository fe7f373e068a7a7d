import { readdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { MigrationError, messageOf } from '../../domain/errors.js';
import type { Journal, JournalEntry, JournalOpening } from '../../domain/contracts/ports.js';
import type { DamagedEntry } from '../../domain/contracts/reconcile.js';
import type { Epoch, Vmid } from '../../domain/ids.js';
import { createEntryFile, openEntryFile, type EntryFile } from './entry-file.js';
import { CLOSED, OPENED, readEntry } from './entry-text.js';
import { entryPath, listEntries, listGuests, type EntryName } from './layout.js';
import { isRetired, retire } from './retired.js';

const KEPT_CLOSED_ENTRIES = 5;

/**
 * A node's journal as files under `dir`: one per guest and epoch, one JSON line per record, each on the disk when
 * `append` resolves. Made for one agent at a time; a second process (the `release` command) may use it when the agent is dead.
 * Throws `StaleEpoch` as the contract says, `Internal` for a file damaged before its last line; `openEntries` leaves such a
 * file out and tells of it by `warn` (one line), so that it hides no other guest.
 */
export function createFileJournal(dir: string, warn: (line: string) => void = toStderr): Journal {
  const files = new Map<string, EntryFile>();
  const opening = serially();

  const find = async (vmid: Vmid, epoch: Epoch): Promise<EntryName | undefined> =>
    (await listEntries(dir, vmid)).find((name) => name.epoch === epoch);

  const read = async (vmid: Vmid, epoch: Epoch): Promise<JournalEntry | null> => {
    const name = await find(vmid, epoch);
    return name === undefined ? null : readEntry(entryPath(dir, name), vmid, epoch);
  };

  const requireCurrent = async (vmid: Vmid, epoch: Epoch): Promise<JournalEntry> => {
    const newest = (await listEntries(dir, vmid)).at(-1);
    if (newest?.epoch !== epoch) throw stale(vmid, epoch, newest === undefined ? 'no epoch was ever opened here' : `the newest is ${newest.epoch}`);
    const entry = await readEntry(entryPath(dir, newest), vmid, epoch);
    if (entry.closed) throw stale(vmid, epoch, 'it is closed');
    return entry;
  };

  const openNow = async (vmid: Vmid, epoch: Epoch, role: JournalEntry['role'], opening?: JournalOpening): Promise<JournalEntry> => {
    if ((await find(vmid, epoch)) !== undefined) return requireCurrent(vmid, epoch);
    if (await isRetired(dir, vmid, epoch)) throw stale(vmid, epoch, 'it is closed');
    const numbers = (await allEntries(dir)).map((name) => name.number);
    const name: EntryName = { vmid, epoch, number: Math.max(0, ...numbers) + 1 };
    files.set(keyOf(vmid, epoch), await createEntryFile(dir, name, { state: OPENED, data: { role, ...opening } }));
    return readEntry(entryPath(dir, name), vmid, epoch);
  };

  const writable = async (vmid: Vmid, epoch: Epoch): Promise<EntryFile> => {
    const known = files.get(keyOf(vmid, epoch));
    if (known !== undefined) return known;
    const name = await find(vmid, epoch);
    if (name === undefined) throw stale(vmid, epoch, 'it was never opened here');
    if ((await readEntry(entryPath(dir, name), vmid, epoch)).closed) throw stale(vmid, epoch, 'it is closed');
    const file = files.get(keyOf(vmid, epoch)) ?? openEntryFile(entryPath(dir, name));
    files.set(keyOf(vmid, epoch), file);
    return file;
  };

  const closeNow = async (vmid: Vmid, epoch: Epoch, outcome: string): Promise<void> => {
    if ((await read(vmid, epoch))?.closed) return;
    const file = await writable(vmid, epoch);
    // Forgotten first: a late append has to look at the disk, and finds the end there.
    files.delete(keyOf(vmid, epoch));
    try {
      await file.append({ state: CLOSED, data: { outcome } });
    } finally {
      await file.close();
    }
    await prune(dir, vmid);
  };

  return {
    read,
    requireCurrent,
    open: (vmid, epoch, role, first) => opening(() => openNow(vmid, epoch, role, first)),
    close: (vmid, epoch, outcome) => opening(() => closeNow(vmid, epoch, outcome)),
    async append(vmid, epoch, state, data = {}) {
      await (files.get(keyOf(vmid, epoch)) ?? (await writable(vmid, epoch))).append({ state, data });
    },
    async openEntries() {
      const { entries, damaged } = await readAll(dir);
      for (const { vmid, epoch, problem } of damaged) warn(`VM ${vmid}, epoch ${epoch}: entry left out: ${problem}`);
      return entries.filter((entry) => !entry.closed);
    },
    damagedEntries: async () => (await readAll(dir)).damaged,
  };
}

const toStderr = (line: string): void => { process.stderr.write(`${line}\n`); };

const keyOf = (vmid: Vmid, epoch: Epoch): string => `${vmid}/${epoch}`;

const stale = (vmid: Vmid, epoch: Epoch, cause: string): MigrationError =>
  new MigrationError('StaleEpoch', `use journal failed: VM ${vmid}, epoch ${epoch}: ${cause}`, { vmid, epoch });

/** Oldest first. */
async function readAll(dir: string): Promise<{ readonly entries: readonly JournalEntry[]; readonly damaged: readonly DamagedEntry[] }> {
  const names = (await allEntries(dir)).sort((a, b) => a.number - b.number);
  const damaged: DamagedEntry[] = [];
  const entries = await Promise.all(names.map((name) => readEntry(entryPath(dir, name), name.vmid, name.epoch).catch((error: unknown) => {
    // Pruned since it was listed: it was closed.
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') damaged.push({ vmid: name.vmid, epoch: name.epoch, problem: messageOf(error) });
    return null;
  })));
  return { entries: entries.filter((entry) => entry !== null), damaged };
}

const allEntries = async (dir: string): Promise<EntryName[]> =>
  (await Promise.all((await listGuests(dir)).map((vmid) => listEntries(dir, vmid)))).flat();

/** Forgets all but the newest closed entries; their epochs stay refused. A damaged one stays, for somebody to look at. */
async function prune(dir: string, vmid: Vmid): Promise<void> {
  const names = await listEntries(dir, vmid);
  const entries = await Promise.all(names.map(async (name) => ({ name, entry: await readEntry(entryPath(dir, name), vmid, name.epoch).catch(() => null) })));
  for (const { name } of entries.filter(({ entry }) => entry?.closed).slice(0, -KEPT_CLOSED_ENTRIES)) {
    await retire(dir, vmid, name.epoch);
    await unlink(entryPath(dir, name));
  }
  for (const leftover of (await readdir(join(dir, String(vmid)))).filter((file) => file.endsWith('.new'))) {
    await unlink(join(dir, String(vmid), leftover));
  }
}

/** Runs one task after the other, in the order they came. */
function serially(): <T>(task: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (task) => {
    const result = last.then(task);
    last = result.catch(() => undefined);
    return result;
  };
}
