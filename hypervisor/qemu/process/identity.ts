import { readdirSync, readFileSync, readlinkSync, realpathSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { Vmid } from '../../../domain/ids.js';
import { pidPath, type RunPaths } from '../../paths.js';
import { awaitEnd, isDying, startTimeOf, type ProcessIdentity } from '../../process.js';

/** The process of one guest's QEMU. */
export type QemuProcess = ProcessIdentity;

/**
 * The guest's QEMU on this node, or null. Found by its pid file, and by its command line when that is gone or stale:
 * a QEMU that lost its pid file still runs the guest.
 */
export function findQemu(vmid: Vmid, paths: RunPaths): QemuProcess | null {
  const pidFile = pidPath(paths, vmid);
  const pid = pidIn(pidFile);
  return verified(pid, pidFile) ?? dying(pid) ?? searchProcesses(pidFile);
}

/** Every QEMU on this node whose pid file lies (or lay) in its run directory, whoever started it. */
export function listQemus(paths: RunPaths): readonly { readonly vmid: Vmid; readonly pid: number }[] {
  const home = namespaceOf('self');
  const runDir = realOrSelf(paths.qemuRunDir);
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).flatMap((name) => {
    const args = argumentsOf(Number(name));
    const pidFile = args[args.indexOf('-pidfile') + 1] ?? '';
    const vmid = /^(\d+)\.pid$/.exec(basename(pidFile))?.[1];
    const isOurs = vmid !== undefined && args.includes('-pidfile') && realOrSelf(dirname(pidFile)) === runDir;
    return isOurs && startTimeOf(Number(name)) !== null && namespaceOf(name) === home ? [{ vmid: Number(vmid), pid: Number(name) }] : [];
  });
}

/** The same process, neither ended nor replaced. A zombie has ended. */
export function isAlive(process: QemuProcess): boolean {
  return startTimeOf(process.pid) === process.startTime;
}

/** Waits for the process's end; false when it is still there after `timeoutMs`. */
export const ended = (process: QemuProcess, timeoutMs: number): Promise<boolean> => awaitEnd(process, timeoutMs);

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

/** Its command line is gone, but it may still write to the disks: it counts until it has closed them. */
function dying(pid: number | null): QemuProcess | null {
  const startTime = pid !== null && isDying(pid) ? startTimeOf(pid) : null;
  return pid === null || startTime === null ? null : { pid, startTime };
}

function pidIn(pidFile: string): number | null {
  const text = readOrNull(pidFile)?.trim() ?? '';
  return /^\d+$/.test(text) ? Number(text) : null;
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

/** `/var/run` is `/run` on every Debian, and PVE's command lines say the former. */
function realOrSelf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
