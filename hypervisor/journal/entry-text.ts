import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { MigrationError } from '../../domain/errors.js';
import type { JournalEntry, JournalRecord } from '../../domain/contracts/ports.js';
import type { Epoch, Vmid } from '../../domain/ids.js';

/** First record of every entry; its data holds the role. */
export const OPENED = 'opened';
/** Ends an entry, whatever stands behind it; its data holds the outcome. */
export const CLOSED = 'closed';

/** Reads an entry; a torn end is left out. Throws `Internal` when the file is damaged before its end. */
export async function readEntry(path: string, vmid: Vmid, epoch: Epoch): Promise<JournalEntry> {
  const { records } = parseRecords(await readFile(path), path);
  const first = Opening.safeParse(records[0]);
  if (!first.success) throw damaged(path, 1);
  return { vmid, epoch, role: first.data.data.role, records, closed: records.some(({ state }) => state === CLOSED) };
}

/**
 * Records and the length of the good part. What a crash leaves behind the last fsync'ed line (half a line, zeroes of an
 * unwritten block) was never acknowledged and does not count; a bad line *before* a good one is damage.
 */
export function parseRecords(content: Buffer, path: string): { readonly records: readonly JournalRecord[]; readonly goodBytes: number } {
  const records: JournalRecord[] = [];
  let goodBytes = 0;
  let badLine: number | null = null;
  for (let start = 0, line = 1, end = content.indexOf(NEWLINE); end !== -1; start = end + 1, end = content.indexOf(NEWLINE, start), line += 1) {
    const record = parseLine(content.toString('utf8', start, end));
    if (record === null) {
      badLine ??= line;
      continue;
    }
    if (badLine !== null) throw damaged(path, badLine);
    records.push(record);
    goodBytes = end + 1;
  }
  return { records, goodBytes };
}

const NEWLINE = 0x0a;
const Line = z.object({ at: z.string(), state: z.string(), data: z.record(z.string(), z.unknown()) });
const Opening = z.object({ state: z.literal(OPENED), data: z.object({ role: z.enum(['source', 'target']) }) });

function parseLine(text: string): JournalRecord | null {
  try {
    const parsed = Line.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}

const damaged = (file: string, line: number): MigrationError =>
  new MigrationError('Internal', `read journal failed: ${file}: line ${line} is damaged; look at the guest, then move the file away`, { file, line });
