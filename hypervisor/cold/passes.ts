import type { ColdEndpoints, VolumeSync } from '../../domain/contracts/cold.js';
import type { ColdPlan, VolumeMove } from '../../domain/contracts/plan.js';
import { MigrationError } from '../../domain/errors.js';
import type { Volid } from '../../domain/ids.js';

export type CopyProgress = (progress: { readonly doneBytes: number; readonly totalBytes: number }) => void;

export interface PassOverAll {
  readonly plan: ColdPlan;
  readonly endpoints: ColdEndpoints;
  /** What former passes came to: the figures add up. */
  readonly earlier: readonly VolumeSync[];
  copy(volume: VolumeMove, targetVolid: Volid, onProgress: (doneBytes: number, totalBytes: number) => void, signal: AbortSignal): Promise<VolumeSync>;
  readonly onProgress: CopyProgress;
  readonly signal: AbortSignal;
}

/** One pass over every volume, one after the other: each may use the whole link. */
export async function copyVolumes({ plan, endpoints, earlier, copy, onProgress, signal }: PassOverAll): Promise<readonly VolumeSync[]> {
  const totalBytes = plan.volumes.reduce((sum, { usedBytes }) => sum + usedBytes, 0);
  let before = 0;
  const syncs: VolumeSync[] = [];
  for (const volume of plan.volumes) {
    const place = endpoints.volumes.find(({ volid }) => volid === volume.volid);
    if (place === undefined) throw new MigrationError('Internal', `copy volume failed: ${volume.volid}: the target has made no place for it`);
    const sync = await copy(volume, place.targetVolid, (doneBytes, ofBytes) => {
      onProgress({ doneBytes: before + (ofBytes === 0 ? 0 : Math.round(volume.usedBytes * (doneBytes / ofBytes))), totalBytes });
    }, signal);
    before += volume.usedBytes;
    syncs.push(added(earlier.find(({ volid }) => volid === volume.volid), sync));
  }
  return syncs;
}

/** Says a thing once for each volume. */
export function onceEach(say: (volid: Volid) => Promise<void>): (volid: Volid) => Promise<void> {
  const said = new Set<Volid>();
  return async (volid) => {
    if (said.has(volid)) return;
    await say(volid);
    said.add(volid);
  };
}

const added = (earlier: VolumeSync | undefined, now: VolumeSync): VolumeSync => (earlier === undefined ? now : {
  ...now,
  sentBytes: earlier.sentBytes + now.sentBytes,
  resentBytes: earlier.resentBytes + now.resentBytes,
  elapsedMs: earlier.elapsedMs + now.elapsedMs,
});
