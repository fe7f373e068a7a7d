import type { DiskMove, LivePlan } from '../../../domain/contracts/plan.js';
import type { StreamNow } from '../../../domain/silence/seen.js';
import { MIB } from '../../../domain/units.js';
import type { MigrationInfo, Monitor } from '../qmp/monitor.js';
import { liveJobs, mirrorJob } from './mirror-jobs.js';
import type { Pace } from './pace.js';

/** More than one packet of a multifd channel (512 KiB), which QEMU sends before it waits for the limit's sake. */
const MEMORY_BURST_BYTES = 2 * MIB;
/** A mirror's largest buffer. */
const MIRROR_BURST_BYTES = 16 * MIB;

/** Everything a migration moves while it copies memory. */
export async function streamsNow({ monitor, plan }: { readonly monitor: Monitor; readonly plan: LivePlan }, pace: Pick<Pace, 'bytesPerSecond' | 'heldBecause'>): Promise<readonly StreamNow[]> {
  const [info, mirrors] = await Promise.all([monitor.queryMigrate(), mirrorStreams(monitor, plan.disks)]);
  return [...memoryStream(info, pace), ...mirrors];
}

/** The disks' mirrors. What counts as moved was acknowledged by the target's NBD server; a guest's write that waits for it counts as left. */
export async function mirrorStreams(monitor: Monitor, disks: readonly DiskMove[]): Promise<readonly StreamNow[]> {
  if (disks.length === 0) return [];
  const jobs = await liveJobs(monitor, disks);
  return disks.flatMap(({ drive }) => jobs.filter(({ device }) => device === mirrorJob(drive)).map((job) => ({
    name: drive, movedBytes: job.offset, leftBytes: Math.max(0, job.len - job.offset), wanted: !job.paused && job.len > job.offset, acknowledged: true,
    limitBytesPerSecond: job.speed === 0 ? null : job.speed, burstBytes: MIRROR_BURST_BYTES,
  })));
}

function memoryStream({ status, ram }: MigrationInfo, { bytesPerSecond, heldBecause }: Pick<Pace, 'bytesPerSecond' | 'heldBecause'>): readonly StreamNow[] {
  if (status !== 'setup' && status !== 'active') return [];
  return [{
    name: 'memory', movedBytes: ram?.transferred ?? 0, leftBytes: ram?.remaining ?? 0, wanted: heldBecause === null, acknowledged: false,
    limitBytesPerSecond: bytesPerSecond, burstBytes: MEMORY_BURST_BYTES,
  }];
}
