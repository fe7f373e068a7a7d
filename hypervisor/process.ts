import { readFileSync } from 'node:fs';

const POLL_INTERVAL_MS = 5;

/** A process beyond doubt: a pid may be given out again, a pid with its start time is not. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks since boot (`/proc/<pid>/stat`, field 22). */
  readonly startTime: number;
}

/** null: there is no such process, or it has ended: see {@link startTimeOf}. */
export function identify(pid: number): ProcessIdentity | null {
  const startTime = startTimeOf(pid);
  return startTime === null ? null : { pid, startTime };
}

/** Waits for the process's end; false when it is still there after `timeoutMs`. */
export async function awaitEnd(process: ProcessIdentity, timeoutMs: number): Promise<boolean> {
  const deadlineMs = performance.now() + timeoutMs;
  while (startTimeOf(process.pid) === process.startTime) {
    if (performance.now() >= deadlineMs) return false;
    await new Promise((resolve) => setTimeout(resolve, POLL_INTERVAL_MS));
  }
  return true;
}

/**
 * null when the process has ended, all its threads included. A killed program's first thread may be a zombie while others still
 * write, hold locks and listen: their files are closed by the last one. Proved by `/proc/<pid>/stat` (proc_pid_stat(5)), fields 3 and 20.
 * Sync on purpose: /proc answers from memory, and between two reads no time may pass.
 */
export function startTimeOf(pid: number): number | null {
  const stat = statOf(pid);
  return stat === null || stat.state === 'X' || (stat.state === 'Z' && stat.threads <= 1) ? null : stat.startTime;
}

/** Killed and not ended yet: it has no memory, and so no command line, any more, while its last threads close its files. */
export function isDying(pid: number): boolean {
  const stat = statOf(pid);
  return stat !== null && stat.state === 'Z' && stat.threads > 1;
}

function statOf(pid: number): { readonly state: string; readonly threads: number; readonly startTime: number } | null {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return null;
  }
  // The second field, the name in brackets, may hold anything.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { state: fields[0] ?? '', threads: Number(fields[17]), startTime: Number(fields[19]) };
}
