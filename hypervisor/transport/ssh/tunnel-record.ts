import { readFileSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import type { ProcessIdentity } from '../../process.js';
import type { Forward } from './ssh-arguments.js';

/** What finds a tunnel again after the agent's death: for the journal. */
export interface TunnelRecord extends ProcessIdentity {
  readonly forwards: readonly Forward[];
  /** File that holds this record. */
  readonly pidRecord: string;
  /** What ssh said. */
  readonly errorFile: string;
}

const Schema = z.object({
  pid: z.int().positive(),
  startTime: z.int().nonnegative(),
  forwards: z.array(z.object({ localPath: z.string(), remotePath: z.string() })),
  pidRecord: z.string(),
  errorFile: z.string(),
});

/** Throws zod's error for anything that is not a record. */
export const parseTunnelRecord = (raw: unknown): TunnelRecord => Schema.parse(raw);

/** null: no file, or one cut off by a crash. */
export function readTunnelRecord(file: string): TunnelRecord | null {
  try {
    return parseTunnelRecord(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return null;
  }
}

export const writeTunnelRecord = (record: TunnelRecord): void =>
  writeFileSync(record.pidRecord, JSON.stringify(record), { mode: 0o600 });
