import { MigrationError } from '../../../domain/errors.js';
import type { DiskMove } from '../../../domain/contracts/plan.js';
import type { DiskExport } from '../../../domain/contracts/activities.js';
import { MIB } from '../../../domain/units.js';
import type { DriveName } from '../../../domain/ids.js';
import { failpoint } from '../../failpoint.js';
import type { Monitor } from '../qmp/monitor.js';
import { waitUntil } from '../../wait.js';
import type { QemuAddress } from '../qmp/address.js';
import { ignoreGone, liveJobs, mirrorJob, type MirrorDeps } from './mirror-jobs.js';
import { TLS_CREDS_ID } from './settings.js';

export { mirrorJob, type MirrorDeps } from './mirror-jobs.js';
export { awaitMirrorsSynced, type MirrorProgress } from './mirror-sync.js';

const FINISH_TIMEOUT_MS = 10_000;

const mirrorNode = (drive: string): string => `mirror-node-${drive}`;
const sourceNode = (drive: string): string => `drive-${drive}`;

/**
 * Starts a mirror for each local disk, all at once, unless it is running already (a retry, or a restarted agent, adopts).
 * A node left over from a cut-off attempt is dropped first.
 */
export async function startMirrors(deps: MirrorDeps, disks: readonly DiskMove[], exports: readonly DiskExport[],
  nbd: QemuAddress, options: { readonly tls: boolean; readonly bytesPerSecondEach: number | null }): Promise<void> {
  const running = new Set((await deps.monitor.queryBlockJobs()).map((job) => job.device));
  for (const disk of disks) {
    if (running.has(mirrorJob(disk.drive))) continue;
    const exported = exports.find((e) => e.drive === disk.drive);
    if (exported === undefined) throw new MigrationError('MirrorFailed', `mirror ${disk.drive} failed: the target exports no such disk`);
    await dropNode(deps.monitor, mirrorNode(disk.drive));
    await deps.monitor.blockdevAdd({
      driver: 'nbd', 'node-name': mirrorNode(disk.drive), server: nbd, export: exported.exportName,
      ...(options.tls ? { 'tls-creds': TLS_CREDS_ID, 'tls-hostname': '' } : {}),
    });
    await failpoint('source.mirror.before');
    await deps.monitor.blockdevMirror({
      'job-id': mirrorJob(disk.drive), device: sourceNode(disk.drive), target: mirrorNode(disk.drive),
      sync: 'full', 'copy-mode': 'background', speed: options.bytesPerSecondEach ?? 0,
      ...(options.bytesPerSecondEach === null ? {} : { 'buf-size': bufferBytes(options.bytesPerSecondEach) }),
    });
    await failpoint('source.mirror.after');
  }
}

/** Limits each mirror's copying, bytes per second; null: no limit. Mirrors that are gone are passed over. */
export async function setMirrorBandwidth(monitor: Monitor, disks: readonly DiskMove[], bytesPerSecondEach: number | null): Promise<void> {
  for (const job of await liveJobs(monitor, disks)) {
    await monitor.blockJobSetSpeed(job.device, bytesPerSecondEach ?? 0).catch(ignoreGone);
  }
}

/** What each mirror has copied up to now, guest writes that came after the first pass included. */
export async function mirroredBytes(monitor: Monitor, disks: readonly DiskMove[]): Promise<readonly { readonly drive: DriveName; readonly bytes: number }[]> {
  const jobs = await liveJobs(monitor, disks);
  return disks.map(({ drive }) => ({ drive, bytes: jobs.find((job) => job.device === mirrorJob(drive))?.offset ?? 0 }));
}

/**
 * Ends ready mirrors in step: the target's copy equals the source's, the source keeps its own node.
 * Only called with the guest stopped (`pre-switchover`), so there is nothing left to copy.
 */
export async function finishMirrors(deps: MirrorDeps, disks: readonly DiskMove[]): Promise<void> {
  if (disks.length === 0) return;
  const pending = new Set(disks.map((disk) => mirrorJob(disk.drive)));
  const done = deps.client.waitForEvent((e) => {
    const device = e.data['device'];
    if ((e.event !== 'BLOCK_JOB_COMPLETED' && e.event !== 'BLOCK_JOB_CANCELLED') || typeof device !== 'string') return false;
    if (!pending.has(device)) return false;
    // A mirror that was not ready ends as cancelled, and its copy is not whole.
    const cause = e.event === 'BLOCK_JOB_CANCELLED' ? 'it was not ready' : e.data['error'];
    if (cause !== undefined) throw new MigrationError('MirrorFailed', `finish mirror failed: ${device}: ${String(cause)}`);
    pending.delete(device);
    return pending.size === 0;
  }, FINISH_TIMEOUT_MS);
  await Promise.all([done, ...disks.map((disk) => deps.monitor.blockJobCancel(mirrorJob(disk.drive), false))]);
}

/**
 * Lets go of guest writes that wait for a target which does not answer: QEMU would wait for it until TCP gives up, and a
 * cancelled mirror waits with it. The writes succeed on the source, the mirrors end. Idempotent; works while QEMU's main loop is stuck.
 */
export async function breakMirrors(monitor: Monitor, disks: readonly DiskMove[]): Promise<void> {
  await Promise.all(disks.map(({ drive }) => monitor.yankBlockNode(mirrorNode(drive)).catch(ignoreGone)));
}

/** Undo: ends the mirrors without finishing them and removes their nodes. Idempotent. */
export async function abandonMirrors(deps: MirrorDeps, disks: readonly DiskMove[], signal: AbortSignal): Promise<void> {
  await breakMirrors(deps.monitor, disks);
  for (const job of await liveJobs(deps.monitor, disks)) {
    await deps.monitor.blockJobCancel(job.device, true).catch(ignoreGone);
  }
  await waitUntil(async () => (await liveJobs(deps.monitor, disks)).length === 0, { intervalMs: 50, signal });
  for (const disk of disks) await dropNode(deps.monitor, mirrorNode(disk.drive));
}

/** QEMU sends a whole buffer at once and only then waits for the limit's sake: a quarter of a second's worth. */
const bufferBytes = (bytesPerSecond: number): number => Math.min(16 * MIB, Math.max(MIB, Math.floor(bytesPerSecond / 4)));

async function dropNode(monitor: Monitor, node: string): Promise<void> {
  await monitor.blockdevDel(node).catch(ignoreGone);
}
