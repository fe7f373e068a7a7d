import { realpath } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { MigrationError } from '../../../domain/errors.js';
import type { Vmid } from '../../../domain/ids.js';
import { run } from '../../exec.js';
import { ctRunDir, type LxcPaths } from '../paths.js';
import { loopBackingFile, mountsBelow, type MountedAt } from './mount-table.js';

const DETACH_TIMEOUT_MS = 5000;
const POLL_INTERVAL_MS = 5;

/**
 * Unmounts everything below a container's run directory, and waits until no loop device holds its images any more: only
 * then may another node mount them. No error when nothing is mounted. Throws `StorageUnavailable`, naming what is busy.
 */
export async function unmountVolumes(vmid: Vmid, paths: LxcPaths): Promise<void> {
  // The kernel's table has no symbolic links: /var/run is /run there.
  const directory = await realpath(ctRunDir(paths, vmid)).catch(() => null);
  if (directory === null) return;
  for (const mounted of [...mountsBelow(directory)].reverse()) await unmountOne(vmid, mounted);
}

export async function unmountOne(vmid: Vmid, { target, majorMinor }: MountedAt): Promise<void> {
  const image = loopBackingFile(majorMinor);
  const { exitCode, stderr } = await run('umount', ['--', target]);
  if (exitCode !== 0) throw failed(vmid, target, stderr.trim() || `umount: exit ${exitCode ?? 'by signal'}`);
  if (image === null) return;
  const deadlineMs = performance.now() + DETACH_TIMEOUT_MS;
  while (loopBackingFile(majorMinor) === image) {
    if (performance.now() > deadlineMs) throw failed(vmid, target, `${image} is still held by the loop device ${majorMinor}`);
    await sleep(POLL_INTERVAL_MS);
  }
}

const failed = (vmid: Vmid, target: string, cause: string): MigrationError =>
  new MigrationError('StorageUnavailable', `unmount volume failed: ${target} of CT ${vmid}: ${cause}`, { vmid, target });
