import { readFileSync } from 'node:fs';

/** A process named so that a reused pid is not mistaken for it. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks since boot: field 22 of /proc/<pid>/stat. */
  readonly startTime: number;
}

/** Start time of a living process; null when it is gone or a zombie. */
export function readStartTime(pid: number): number | null {
  const stat = readProc(pid, 'stat');
  // The command (field 2) may hold blanks and brackets: count from its end.
  const [state, ...fields] = stat?.slice(stat.lastIndexOf(')') + 2).split(' ') ?? [];
  return state === undefined || state === 'Z' || state === 'X' ? null : Number(fields[18]);
}

/** Whether exactly this process lives, with all of these words in its command line. */
export function isAlive({ pid, startTime }: ProcessIdentity, words: readonly string[]): boolean {
  if (readStartTime(pid) !== startTime) return false;
  const argv = readProc(pid, 'cmdline')?.split('\0') ?? [];
  return words.every((word) => argv.includes(word));
}

function readProc(pid: number, file: 'stat' | 'cmdline'): string | null {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return null;
  }
}
