import { messageOf, MigrationError } from '../../../domain/errors.js';
import type { DiskExport, DiskSyncReport } from '../../../domain/contracts/activities.js';
import type { LivePlan } from '../../../domain/contracts/plan.js';
import { splitBudget } from '../../../domain/bandwidth.js';
import type { HandoffClient } from '../../transport/handoff/client.js';
import type { QemuAddress } from '../qmp/address.js';
import { awaitMirrorsSynced, mirroredBytes, startMirrors, type MirrorDeps, type MirrorProgress } from './mirror.js';
import { giveUp } from './give-up.js';
import { SilenceWatch } from './silence-watch.js';
import { mirrorStreams } from './streams.js';

export interface DiskSync extends MirrorDeps {
  readonly plan: LivePlan;
  readonly handoff: HandoffClient;
  readonly nbd: QemuAddress;
  readonly exports: readonly DiskExport[];
  /** May change while the disks are copied; null: no limit. */
  budgetBytesPerSecond(): number | null;
}

/** Progress of the disks, and what stands still. */
export interface DiskSyncProgress extends MirrorProgress {
  readonly trouble: string | null;
}

/**
 * Mirrors every local disk until all are ready and in write-blocking mode. A mirror that moves nothing, or a target that is
 * not heard of, ends it within seconds: the mirrors are let go, so that no write of the guest waits for them.
 */
export async function syncDisks(sync: DiskSync, onProgress: (progress: DiskSyncProgress) => void, signal: AbortSignal): Promise<DiskSyncReport> {
  const { plan, monitor } = sync;
  const begunAtMs = performance.now();
  const share = splitBudget(sync.budgetBytesPerSecond(), 'diskSync', plan.disks.length);
  await startMirrors(sync, plan.disks, sync.exports, sync.nbd, { tls: plan.transport.type === 'tls', bytesPerSecondEach: share.perDisk });
  const silence = new AbortController();
  const watch = new SilenceWatch({ plan, handoff: sync.handoff, look: () => mirrorStreams(monitor, plan.disks), onAbort: (cause) => silence.abort(cause) });
  watch.start();
  try {
    await awaitMirrorsSynced(sync, plan.disks, (progress) => onProgress({ ...progress, trouble: watch.notice }),
      AbortSignal.any([signal, silence.signal]), () => sync.budgetBytesPerSecond());
  } catch (error) {
    if (!silence.signal.aborted) throw error;
    await giveUp(sync);
    throw new MigrationError('MirrorFailed', `copy disks failed: vm ${plan.vmid}: ${messageOf(silence.signal.reason)}`, {}, silence.signal.reason);
  } finally {
    watch.stop();
  }
  const disks = await mirroredBytes(monitor, plan.disks);
  return { copiedBytes: disks.reduce((sum, disk) => sum + disk.bytes, 0), elapsedMs: Math.round(performance.now() - begunAtMs), disks };
}
