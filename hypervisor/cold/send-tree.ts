import type { VolumeSync } from '../../domain/contracts/cold.js';
import { epochShort } from '../../domain/ids.js';
import { copySubvolume } from '../storage/copy/btrfs/copy-subvolume.js';
import type { Limiter } from '../storage/copy/limiter.js';
import { changesOf, type TreeChanges } from '../storage/copy/tree/changes.js';
import { copyTree } from '../storage/copy/tree/copy-tree.js';
import { dialToCopy, tellWhole } from './reception.js';
import type { PassInput } from './source-deps.js';
import type { Frozen, TreeCheck } from './tree-check.js';

export interface SendTreeDeps {
  /** The tree on this node. */
  readonly dir: string;
  /** How it is sent. `btrfs`: it is a subvolume, and will be one. */
  readonly method: 'tree' | 'btrfs';
  /** Of this migration, this user's alone. */
  readonly runDir: string;
  readonly limiter: Limiter;
  readonly silenceMs: number;
  readonly check: TreeCheck;
}

interface TreePass {
  readonly sentBytes: number;
  readonly changes: TreeChanges | null;
  readonly frozen?: Frozen;
}

/** One pass over a container's directory. A `final` one ends with the target knowing that it is whole. Throws `TransportFailed`, `StorageUnavailable`. */
export async function sendTree(input: PassInput, deps: SendTreeDeps): Promise<VolumeSync> {
  const { volume: { volid, usedBytes }, targetVolid, final, dial, onProgress, signal } = input;
  const { check, limiter } = deps;
  limiter.bytesPerSecond = input.bandwidthBytesPerSecond();
  const begunAtMs = performance.now();
  const copyDial = (): ReturnType<typeof dial> => dialToCopy(dial, volid);
  const { sentBytes, changes, frozen } = await (deps.method === 'btrfs' ? sendSubvolume : sendFiles)(input, deps, copyDial);
  let digest: string | null = null;
  if (final) {
    digest = await check.seal(copyDial, changes, signal);
    // Before the hand-over: if this agent dies then, the next one has to know it. What can't be noted (a full disk) costs only that: the volumes are kept.
    await Promise.all([tellWhole(dial, volid, digest), check.remember().catch(() => undefined)]);
  } else await check.prepare(copyDial, signal, frozen);
  onProgress(usedBytes, usedBytes);
  return {
    volid, targetVolid, sizeBytes: usedBytes, sentBytes, skippedBytes: Math.max(0, usedBytes - sentBytes), resentBytes: 0,
    elapsedMs: Math.round(performance.now() - begunAtMs), digest,
  };
}

async function sendFiles({ volume, final, signal }: PassInput, { dir, runDir, limiter, silenceMs }: SendTreeDeps, dial: PassInput['dial']): Promise<TreePass> {
  const { sentBytes, changes, changedPaths } = await copyTree({ dial, volume: volume.volid, dir, runDir, pass: final ? 'final' : 'presync', limiter, silenceMs, signal });
  return { sentBytes, changes: changes > changedPaths.length ? null : changesOf(changedPaths.map(asPath)) };
}

async function sendSubvolume({ ref, volume, final, signal, noteSnapshots }: PassInput, { dir, limiter, silenceMs }: SendTreeDeps, dial: PassInput['dial']): Promise<TreePass> {
  await noteSnapshots(volume.volid);
  const { sentBytes, changes, snapshot } = await copySubvolume({
    dial, volume: volume.volid, path: dir, short: epochShort(ref.epoch), pass: final ? 'final' : 'presync', limiter, silenceMs, signal,
  });
  return { sentBytes, changes, frozen: { dir: snapshot.path, snapshot: snapshot.name } };
}

/** rsync names a directory with a slash at its end, and the tree itself `./`. */
const asPath = (name: string): string => (name === './' ? '.' : name.replace(/\/$/, ''));
