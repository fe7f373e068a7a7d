import type { MoveMode, PastMove } from '../contracts/evacuation.js';
import type { MigrationReport } from '../contracts/report.js';

/** What a finished migration teaches about the next one of the same guest; null: nothing, it did not get there. */
export function pastMoveOf({ outcome, totalMs, blackout, downtime, bytes, volumes }: MigrationReport): PastMove | null {
  if (outcome !== 'migrated') return null;
  const mode: MoveMode = blackout !== null ? 'live' : downtime ? 'restart' : 'offline';
  const copied = volumes === undefined ? (bytes === null ? 0 : bytes.ram + bytes.disks) : volumes.reduce((sum, { sentBytes }) => sum + sentBytes, 0);
  return { mode, totalMs, downtimeMs: blackout?.totalMs ?? downtime?.totalMs ?? 0, bytes: copied };
}
