import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { MigrationError } from '../../../domain/errors.js';
import type { Vmid } from '../../../domain/ids.js';
import { generalQmpPath, type RunPaths } from '../../paths.js';
import { QmpClient } from '../qmp/client.js';
import { ended, findQemu, isAlive, type QemuProcess } from './identity.js';
import { removeTaps } from './taps.js';

export interface StopOptions {
  /** For QEMU to close its disks in order, before it is killed. */
  readonly graceMs?: number;
}

const DEFAULT_GRACE_MS = 5000;
const QMP_TIMEOUT_MS = 500;
const KILL_TIMEOUT_MS = 10_000;

/**
 * Ends the guest's QEMU: `quit`, then SIGTERM, then SIGKILL, each only to the process that was verified; then removes its
 * taps, sockets and pid file. No error when there is none. Throws `Internal` when even SIGKILL does not end it (a process in
 * uninterruptible sleep); then its files stay.
 */
export async function stopQemu(vmid: Vmid, paths: RunPaths, options: StopOptions = {}): Promise<void> {
  const { tapsGone } = await endQemu(vmid, paths, options);
  await tapsGone;
}

/**
 * As `stopQemu`, for a caller with something to do meanwhile: the kernel takes longer to remove a tap than QEMU to end. It is only done
 * when `tapsGone` has resolved.
 */
export async function endQemu(vmid: Vmid, paths: RunPaths, options: StopOptions = {}): Promise<{ readonly tapsGone: Promise<void> }> {
  const qemu = findQemu(vmid, paths);
  const tapsGone = removeTaps(vmid);
  tapsGone.catch(() => undefined);
  if (qemu !== null) await endProcess(vmid, qemu, paths, options.graceMs ?? DEFAULT_GRACE_MS);
  await removeFiles(vmid, paths);
  return { tapsGone };
}

async function endProcess(vmid: Vmid, qemu: QemuProcess, paths: RunPaths, graceMs: number): Promise<void> {
  const deadlineMs = performance.now() + graceMs;
  const left = (): number => Math.max(0, deadlineMs - performance.now());
  if (await askToQuit(vmid, paths, Math.min(QMP_TIMEOUT_MS, graceMs)) && await ended(qemu, left())) return;
  signal(qemu, 'SIGTERM');
  if (await ended(qemu, left())) return;
  signal(qemu, 'SIGKILL');
  if (await ended(qemu, KILL_TIMEOUT_MS)) return;
  throw new MigrationError('Internal', `stop VM ${vmid} failed: process ${qemu.pid} is still there after SIGKILL`, { vmid, ...qemu });
}

/** False: nobody answers there, or another client holds the socket. */
async function askToQuit(vmid: Vmid, paths: RunPaths, timeoutMs: number): Promise<boolean> {
  const deadlineMs = performance.now() + timeoutMs;
  try {
    const client = await QmpClient.connect(generalQmpPath(paths, vmid), { timeoutMs });
    try {
      await client.execute('quit', {}, { timeoutMs: Math.max(1, deadlineMs - performance.now()) });
    } finally {
      client.close();
    }
    return true;
  } catch {
    return false;
  }
}

function signal(qemu: QemuProcess, name: 'SIGTERM' | 'SIGKILL'): void {
  if (!isAlive(qemu)) return;
  try {
    process.kill(qemu.pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

async function removeFiles(vmid: Vmid, paths: RunPaths): Promise<void> {
  const ours = new RegExp(`^${vmid}\\.(qmp|drive\\.qmp|pid|qga|serial\\d)$`);
  const names = await readdir(paths.qemuRunDir).catch(() => []);
  await Promise.all(names.filter((name) => ours.test(name)).map((name) => rm(join(paths.qemuRunDir, name), { force: true })));
}
