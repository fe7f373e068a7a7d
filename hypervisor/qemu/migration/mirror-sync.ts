import { shareAmongMirrors } from '../../../domain/bandwidth.js';
import type { DiskMove } from '../../../domain/contracts/plan.js';
import type { BlockJob, Monitor } from '../qmp/monitor.js';
import { waitUntil } from '../../wait.js';
import { allJobs, ignoreGone, watchFailure, type MirrorDeps } from './mirror-jobs.js';

const READY_POLL_MS = 200;
const SYNCED_POLL_MS = 20;
/** A mirror whose rest has not become a tenth smaller for so long will not end by itself. */
const STALL_MS = 5000;
const SHRUNK = 0.9;

export interface MirrorProgress {
  readonly doneBytes: number;
  readonly totalBytes: number;
}

/**
 * Waits until every mirror is ready, then until each writes through to both sides before it answers the guest. All within
 * `budgetBytesPerSecond` (null: none; asked again and again, it may change), of which they keep the share of the memory phase
 * in the end. A mirror whose guest writes faster than it copies writes through earlier, which slows that guest down.
 */
export async function awaitMirrorsSynced(deps: MirrorDeps, disks: readonly DiskMove[], onProgress: (progress: MirrorProgress) => void,
  signal: AbortSignal, budgetBytesPerSecond: () => number | null = () => null): Promise<void> {
  const { monitor, client } = deps;
  const failure = watchFailure(client, disks);
  const stalls = new Stalls();
  const look = async (busy: (job: BlockJob) => boolean): Promise<readonly BlockJob[]> => {
    failure.throwIfFailed();
    const jobs = await allJobs(monitor, disks);
    await shareOut(monitor, jobs, busy, budgetBytesPerSecond());
    return jobs;
  };
  try {
    await waitUntil(async () => {
      const jobs = await look((job) => !job.ready);
      onProgress({ doneBytes: sum(jobs.map((job) => job.offset)), totalBytes: sum(jobs.map((job) => job.len)) });
      for (const job of jobs.filter((one) => stalls.hasBegun(one))) await writeThrough(monitor, job);
      return jobs.every((job) => job.ready);
    }, { intervalMs: READY_POLL_MS, signal, wake: (fn) => client.onEvent((e) => { if (e.event.startsWith('BLOCK_JOB_')) fn(); }) });
    for (const job of await allJobs(monitor, disks)) await writeThrough(monitor, job);
    await waitUntil(async () => (await look(notSynced)).every((job) => !notSynced(job)), { intervalMs: SYNCED_POLL_MS, signal });
    await look(() => false);
  } finally {
    failure.stop();
  }
}

/** Notices, once for each mirror, that its guest outruns it. */
class Stalls {
  readonly #seen = new Map<string, { readonly firstPassBytes: number; remainingBytes: number; sinceMs: number; told: boolean }>();

  hasBegun({ device, offset, len, ready }: BlockJob): boolean {
    if (ready || len === 0) return false;
    const remainingBytes = len - offset;
    const nowMs = performance.now();
    const seen = this.#seen.get(device) ?? { firstPassBytes: len, remainingBytes, sinceMs: nowMs, told: false };
    this.#seen.set(device, seen);
    if (offset < seen.firstPassBytes || remainingBytes < seen.remainingBytes * SHRUNK) {
      seen.remainingBytes = remainingBytes;
      seen.sinceMs = nowMs;
      return false;
    }
    if (seen.told || nowMs - seen.sinceMs < STALL_MS) return false;
    seen.told = true;
    return true;
  }
}

/** Busy mirrors copy, the others only follow what the guest writes. A limit that was lifted is taken away. */
async function shareOut(monitor: Monitor, jobs: readonly BlockJob[], isBusy: (job: BlockJob) => boolean, budget: number | null): Promise<void> {
  const share = budget === null ? { busy: 0, following: 0 } : shareAmongMirrors(budget, { busy: jobs.filter(isBusy).length, all: jobs.length });
  for (const job of jobs) {
    const wanted = isBusy(job) ? share.busy : share.following;
    if (job.speed !== wanted) await monitor.blockJobSetSpeed(job.device, wanted).catch(ignoreGone);
  }
}

/** A mirror that has just ended is told of by the next look, with its reason. */
const writeThrough = (monitor: Monitor, { device }: BlockJob): Promise<void> =>
  monitor.blockJobChange({ id: device, type: 'mirror', 'copy-mode': 'write-blocking' }).catch(ignoreGone);

const notSynced = (job: BlockJob): boolean => job.activelySynced === false;
const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
