import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import type { Vmid } from '../../../domain/ids.js';
import { pidPath, type RunPaths } from '../../paths.js';

const POLL_INTERVAL_MS = 5;

/** A process beyond doubt: a pid may be given out again, a pid with its start time is not. */
export interface QemuProcess {
  readonly pid: number;
  /** Clock ticks since boot (`/proc/<pid>/stat`, field 22). */
  readonly startTime: number;
}

/**
 * The guest's QEMU on this node, or null. Found by its pid file, and by its command line when that is gone or stale:
 * a QEMU that lost its pid file still runs the guest.
 */
export function findQemu(vmid: Vmid, paths: RunPaths): QemuProcess | null {
  const pidFile = pidPath(paths, vmid);
  return verified(pidIn(pidFile), pidFile) ?? searchProcesses(pidFile);
}

/** The same process, neither ended nor replaced. A zombie has ended. */
export function isAlive(process: QemuProcess): boolean {
  return startTimeOf(process.pid) === process.startTime;
}

/** Waits for the process's end; false when it is still there after `timeoutMs`. */
export async function ended(process: QemuProcess, timeoutMs: number): Promise<boolean> {
  const deadlineMs = performance.now() + timeoutMs;
  while (isAlive(process)) {
    if (performance.now() >= deadlineMs) return false;
    await new Promise((resolve) => setTimeout(resolve, POLL_INTERVAL_MS));
  }
  return true;
}

function searchProcesses(pidFile: string): QemuProcess | null {
  const home = namespaceOf('self');
  for (const entry of readdirSync('/proc')) {
    // Another PID namespace is another node (or a container), where the same path is another file.
    const found = /^\d+$/.test(entry) ? verified(Number(entry), pidFile) : null;
    if (found !== null && namespaceOf(entry) === home) return found;
  }
  return null;
}

function verified(pid: number | null, pidFile: string): QemuProcess | null {
  if (pid === null || !argumentsOf(pid).some((arg, at, all) => arg === '-pidfile' && all[at + 1] === pidFile)) return null;
  const startTime = startTimeOf(pid);
  return startTime === null ? null : { pid, startTime };
}

function pidIn(pidFile: string): number | null {
  const text = readOrNull(pidFile)?.trim() ?? '';
  return /^\d+$/.test(text) ? Number(text) : null;
}

function startTimeOf(pid: number): number | null {
  const stat = readOrNull(`/proc/${pid}/stat`);
  if (stat === null) return null;
  // The second field, the name in brackets, may hold anything.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' || fields[0] === 'X' ? null : Number(fields[19]);
}

const argumentsOf = (pid: number): readonly string[] => (readOrNull(`/proc/${pid}/cmdline`) ?? '').split('\0');

function namespaceOf(pid: string): string | null {
  try {
    return readlinkSync(`/proc/${pid}/ns/pid`);
  } catch {
    return null;
  }
}

/** Sync on purpose: /proc answers from memory, and between two reads no time may pass. */
function readOrNull(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
