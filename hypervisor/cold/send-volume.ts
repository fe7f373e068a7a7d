import { COMPARED, type VolumeSync } from '../../domain/contracts/cold.js';
import { MigrationError } from '../../domain/errors.js';
import { copyBlocks, type CopyBlocksResult } from '../storage/copy/blocks/copy-blocks.js';
import { chunkBytesFor } from '../storage/copy/blocks/geometry.js';
import { convertVolume } from '../storage/copy/convert/convert-volume.js';
import type { Limiter } from '../storage/copy/limiter.js';
import { dialToCopy, tellWhole } from './reception.js';
import type { PassInput } from './source-deps.js';

export interface SendDeps {
  /** Where the volume lies on this node. */
  readonly path: string;
  /** Of this migration, this user's alone. */
  readonly runDir: string;
  readonly limiter: Limiter;
  readonly silenceMs: number;
  readonly qemuImg: string;
}

/** What differs after a pass is sent again by the next; a disk that errs every time is not. */
const MAX_REPAIRS = 2;

/** One pass over one image. A `final` one ends with the target knowing that it is whole. Throws `VolumeDiffers`, `TransportFailed`, `StorageUnavailable`. */
export async function sendVolume({ plan, volume, targetVolid, final, dial, onProgress, signal, bandwidthBytesPerSecond }: PassInput, deps: SendDeps): Promise<VolumeSync> {
  const { volid, sourceFormat, targetFormat } = volume;
  const { path, limiter, silenceMs, qemuImg, runDir } = deps;
  limiter.bytesPerSecond = bandwidthBytesPerSecond();
  if (sourceFormat !== targetFormat && sourceFormat !== 'subvol' && targetFormat !== 'subvol') {
    // Always from the beginning, so a pass while the guest runs would save nothing.
    if (!final) return { volid, targetVolid, sizeBytes: volume.sizeBytes, sentBytes: 0, skippedBytes: 0, resentBytes: 0, elapsedMs: 0, digest: null };
    const done = await convertVolume({
      dial: () => dialToCopy(dial, volid), volume: volid, path, format: sourceFormat, targetFormat, runDir, limiter, silenceMs, qemuImg, signal,
      onProgress: ({ doneBytes, totalBytes }) => onProgress(doneBytes, totalBytes),
    });
    await tellWhole(dial, volid, COMPARED);
    return { volid, targetVolid, sizeBytes: done.sizeBytes, sentBytes: done.sentBytes, skippedBytes: 0, resentBytes: 0, elapsedMs: Math.round(done.elapsedMs), digest: COMPARED };
  }
  const pass = (): Promise<CopyBlocksResult> => copyBlocks({
    dial: () => dialToCopy(dial, volid), volume: volid, path, limiter, silenceMs, qemuImg, signal,
    // In the last pass over a container little has changed, and the container is down.
    chunkBytes: chunkBytesFor(volume.sizeBytes, final && plan.mode === 'restart' ? 'changes' : 'all'),
    onProgress: ({ doneBytes, totalBytes }) => {
      limiter.bytesPerSecond = bandwidthBytesPerSecond();
      onProgress(doneBytes, totalBytes);
    },
  });
  const done = await repaired(pass);
  if (final) await tellWhole(dial, volid, done.digest);
  return {
    volid, targetVolid, sizeBytes: done.sizeBytes, sentBytes: done.sentBytes, skippedBytes: done.skippedBytes, resentBytes: done.resentBytes,
    elapsedMs: Math.round(done.elapsedMs), digest: final ? done.digest : null,
  };
}

async function repaired(pass: () => Promise<CopyBlocksResult>): Promise<CopyBlocksResult> {
  let wastedBytes = 0;
  for (let repair = 0; ; repair += 1) {
    try {
      const done = await pass();
      return { ...done, resentBytes: done.resentBytes + (repair === 0 ? 0 : done.sentBytes), sentBytes: done.sentBytes + wastedBytes };
    } catch (error) {
      if (!(error instanceof MigrationError && error.code === 'VolumeDiffers') || repair === MAX_REPAIRS) throw error;
      wastedBytes += Number(error.facts['sentBytes'] ?? 0);
    }
  }
}
