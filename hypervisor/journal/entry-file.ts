import { closeSync, constants, fdatasync, fstatSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { mkdir, open, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { JournalRecord } from '../../domain/contracts/ports.js';
import { parseRecords } from './entry-text.js';
import { entryPath, type EntryName } from './layout.js';

type NewRecord = Pick<JournalRecord, 'state' | 'data'>;

export interface EntryFile {
  /** Resolves when the record is on the disk. Records are in the order of the calls. */
  append(record: NewRecord): Promise<void>;
  /** Closes the file after the appends under way. */
  close(): Promise<void>;
}

/** Creates an entry with its first record: afterwards it is there completely, or (crash) not at all. */
export async function createEntryFile(dir: string, name: EntryName, first: NewRecord): Promise<EntryFile> {
  const path = entryPath(dir, name);
  await makeDirectory(dir);
  await makeDirectory(dirname(path));
  const fd = openSync(`${path}.new`, O_TRUNC_APPEND, 0o600);
  const file = entryFile(fd);
  await file.append(first);
  await rename(`${path}.new`, path);
  await syncDirectory(dirname(path));
  return file;
}

/** Opens an entry that has been there before, cutting off what a crash left half-written. */
export function openEntryFile(path: string): EntryFile {
  const fd = openSync(path, constants.O_RDWR | constants.O_APPEND);
  const content = readFileSync(path);
  const { goodBytes } = parseRecords(content, path);
  if (goodBytes < content.length) ftruncateSync(fd, goodBytes);
  return entryFile(fd);
}

const O_TRUNC_APPEND = constants.O_CREAT | constants.O_TRUNC | constants.O_APPEND | constants.O_RDWR;
const sync = promisify(fdatasync);

function entryFile(fd: number): EntryFile {
  let settled: Promise<unknown> = Promise.resolve();
  return {
    // The write into the page cache is synchronous (microseconds): it alone decides the order. The sync must not block the loop.
    async append({ state, data }) {
      const line = Buffer.from(`${JSON.stringify({ at: new Date().toISOString(), state, data })}\n`);
      writeWhole(fd, line);
      const synced = sync(fd);
      settled = Promise.allSettled([settled, synced]);
      await synced;
    },
    async close() {
      await settled;
      closeSync(fd);
    },
  };
}

function writeWhole(fd: number, line: Buffer): void {
  const before = fstatSync(fd).size;
  const written = writeSync(fd, line);
  if (written === line.length) return;
  ftruncateSync(fd, before);
  throw Object.assign(new Error('write journal failed: the disk is full'), { code: 'ENOSPC' });
}

async function makeDirectory(path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true, mode: 0o700 });
  if (first === undefined) return;
  for (let made = path; made.length >= first.length; made = dirname(made)) await syncDirectory(join(made, '..'));
}

async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
