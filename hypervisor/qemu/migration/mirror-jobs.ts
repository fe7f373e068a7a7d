import type { DiskMove } from '../../../domain/contracts/plan.js';
import { MigrationError } from '../../../domain/errors.js';
import type { QmpClient } from '../qmp/client.js';
import type { BlockJob, Monitor } from '../qmp/monitor.js';

export interface MirrorDeps {
  readonly monitor: Monitor;
  readonly client: QmpClient;
}

export const mirrorJob = (drive: string): string => `mirror-${drive}`;

/** The disks' jobs that QEMU still has. */
export async function liveJobs(monitor: Monitor, disks: readonly DiskMove[]): Promise<readonly BlockJob[]> {
  const names = new Set(disks.map((disk) => mirrorJob(disk.drive)));
  return (await monitor.queryBlockJobs()).filter((job) => names.has(job.device));
}

/** The job of every disk. Throws `MirrorFailed` when one is gone. */
export async function allJobs(monitor: Monitor, disks: readonly DiskMove[]): Promise<readonly BlockJob[]> {
  const jobs = await liveJobs(monitor, disks);
  const gone = disks.map((disk) => mirrorJob(disk.drive)).filter((name) => !jobs.some((job) => job.device === name));
  if (gone.length > 0) throw new MigrationError('MirrorFailed', `mirror failed: ${gone.join(', ')}: the job ended before it was finished`);
  return jobs;
}

/** Remembers what QEMU says of a mirror that fails, until `stop`. */
export function watchFailure(client: QmpClient, disks: readonly DiskMove[]): { throwIfFailed(): void; stop(): void } {
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

/** For commands to a job or node that may have ended by itself meanwhile. */
export function ignoreGone(error: unknown): void {
  if (error instanceof MigrationError && error.code === 'QmpError' && /not found|Failed to find|Cannot find|is not found/i.test(error.message)) return;
  throw error;
}
