import { MigrationError } from '../../../domain/errors.js';
import type { DiskMove } from '../../../domain/contracts/plan.js';
import type { DiskExport } from '../../../domain/contracts/activities.js';
import type { BlockJob, Monitor } from '../qmp/monitor.js';
import type { QmpClient } from '../qmp/client.js';
import { waitUntil } from '../wait.js';
import type { QemuAddress } from '../qmp/address.js';
import { TLS_CREDS_ID } from './settings.js';

const READY_POLL_MS = 200;
const FINISH_TIMEOUT_MS = 10_000;

export interface MirrorDeps {
  readonly monitor: Monitor;
  readonly client: QmpClient;
}

export interface MirrorProgress {
  readonly doneBytes: number;
  readonly totalBytes: number;
}

export const mirrorJob = (drive: string): string => `mirror-${drive}`;
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
    await deps.monitor.blockdevMirror({
      'job-id': mirrorJob(disk.drive), device: sourceNode(disk.drive), target: mirrorNode(disk.drive),
      sync: 'full', 'copy-mode': 'background', speed: options.bytesPerSecondEach ?? 0,
    });
  }
}

/** Waits until every mirror is ready, then until each writes through to both sides before it answers the guest. */
export async function awaitMirrorsSynced(deps: MirrorDeps, disks: readonly DiskMove[],
  onProgress: (progress: MirrorProgress) => void, signal: AbortSignal): Promise<void> {
  const failure = watchFailure(deps.client, disks);
  try {
    await waitUntil(async () => {
      failure.throwIfFailed();
      const jobs = await ourJobs(deps.monitor, disks);
      onProgress({ doneBytes: sum(jobs.map((j) => j.offset)), totalBytes: sum(jobs.map((j) => j.len)) });
      return jobs.every((job) => job.ready);
    }, { intervalMs: READY_POLL_MS, signal, wake: (fn) => deps.client.onEvent((e) => { if (e.event.startsWith('BLOCK_JOB_')) fn(); }) });
    for (const job of await ourJobs(deps.monitor, disks)) {
      await deps.monitor.blockJobChange({ id: job.device, type: 'mirror', 'copy-mode': 'write-blocking' });
    }
    await waitUntil(async () => {
      failure.throwIfFailed();
      return (await ourJobs(deps.monitor, disks)).every((job) => job.activelySynced !== false);
    }, { intervalMs: 20, signal });
  } finally {
    failure.stop();
  }
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
    if (e.data['error'] !== undefined) throw new MigrationError('MirrorFailed', `finish mirror failed: ${device}: ${String(e.data['error'])}`);
    pending.delete(device);
    return pending.size === 0;
  }, FINISH_TIMEOUT_MS);
  await Promise.all([done, ...disks.map((disk) => deps.monitor.blockJobCancel(mirrorJob(disk.drive), false))]);
}

/** Undo: ends the mirrors without finishing them and removes their nodes. Idempotent. */
export async function abandonMirrors(deps: MirrorDeps, disks: readonly DiskMove[], signal: AbortSignal): Promise<void> {
  for (const job of await ourJobs(deps.monitor, disks, false)) {
    await deps.monitor.blockJobCancel(job.device, true).catch(ignoreGone);
  }
  await waitUntil(async () => (await ourJobs(deps.monitor, disks, false)).length === 0, { intervalMs: 50, signal });
  for (const disk of disks) await dropNode(deps.monitor, mirrorNode(disk.drive));
}

async function ourJobs(monitor: Monitor, disks: readonly DiskMove[], all = true): Promise<readonly BlockJob[]> {
  const names = new Set(disks.map((disk) => mirrorJob(disk.drive)));
  const jobs = (await monitor.queryBlockJobs()).filter((job) => names.has(job.device));
  if (all && jobs.length < names.size) {
    const gone = [...names].filter((name) => !jobs.some((job) => job.device === name));
    throw new MigrationError('MirrorFailed', `mirror failed: ${gone.join(', ')}: the job ended before it was finished`);
  }
  return jobs;
}

async function dropNode(monitor: Monitor, node: string): Promise<void> {
  await monitor.blockdevDel(node).catch(ignoreGone);
}

function ignoreGone(error: unknown): void {
  if (error instanceof MigrationError && error.code === 'QmpError' && /not found|Failed to find|Cannot find|is not found/i.test(error.message)) return;
  throw error;
}

function watchFailure(client: QmpClient, disks: readonly DiskMove[]): { throwIfFailed(): void; stop(): void } {
  const names = new Set(disks.map((disk) => mirrorJob(disk.drive)));
  let failure: string | null = null;
  const stop = client.onEvent((e) => {
    const device = e.data['device'];
    if (typeof device !== 'string' || !names.has(device)) return;
    if (e.event === 'BLOCK_JOB_ERROR') failure ??= `${device}: ${String(e.data['operation'])} error`;
    if (e.event === 'BLOCK_JOB_COMPLETED' && e.data['error'] !== undefined) failure = `${device}: ${String(e.data['error'])}`;
  });
  return { stop, throwIfFailed: () => { if (failure !== null) throw new MigrationError('MirrorFailed', `mirror failed: ${failure}`); } };
}

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
