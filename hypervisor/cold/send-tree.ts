import type { VolumeSync } from '../../domain/contracts/cold.js';
import { copyTree } from '../storage/copy/tree/copy-tree.js';
import type { Limiter } from '../storage/copy/limiter.js';
import { dialToCopy, tellWhole } from './reception.js';
import type { PassInput } from './source-deps.js';
import type { TreeCheck } from './tree-check.js';

export interface SendTreeDeps {
  /** The tree on this node. */
  readonly dir: string;
  /** Of this migration, this user's alone. */
  readonly runDir: string;
  readonly limiter: Limiter;
  readonly silenceMs: number;
  readonly check: TreeCheck;
}

/** One pass over a container's directory. A `final` one ends with the target knowing that it is whole. Throws `TransportFailed`, `StorageUnavailable`. */
export async function sendTree({ volume, targetVolid, final, dial, onProgress, signal, bandwidthBytesPerSecond }: PassInput, deps: SendTreeDeps): Promise<VolumeSync> {
  const { volid, usedBytes } = volume;
  const { dir, runDir, limiter, silenceMs, check } = deps;
  limiter.bytesPerSecond = bandwidthBytesPerSecond();
  const begunAtMs = performance.now();
  const copyDial = (): ReturnType<typeof dial> => dialToCopy(dial, volid);
  const pass = await copyTree({ dial: copyDial, volume: volid, dir, runDir, pass: final ? 'final' : 'presync', limiter, silenceMs, signal });
  let digest: string | null = null;
  if (final) {
    digest = await check.seal(copyDial, pass.changes > pass.changedPaths.length ? null : pass.changedPaths.map(asPath), signal);
    await tellWhole(dial, volid, digest);
    // Nobody waits for it: the guest is down.
    void check.remember().catch(() => undefined);
  } else await check.prepare(copyDial, signal);
  onProgress(usedBytes, usedBytes);
  return {
    volid, targetVolid, sizeBytes: usedBytes, sentBytes: pass.sentBytes, skippedBytes: Math.max(0, usedBytes - pass.sentBytes), resentBytes: 0,
    elapsedMs: Math.round(performance.now() - begunAtMs), digest,
  };
}

/** rsync names a directory with a slash at its end, and the tree itself `./`. */
const asPath = (name: string): string => (name === './' ? '.' : name.replace(/\/$/, ''));
