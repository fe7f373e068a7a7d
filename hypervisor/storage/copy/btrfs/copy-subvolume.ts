import { dirname, join } from 'node:path';
import type { Duplex } from 'node:stream';
import { MigrationError } from '../../../../domain/errors.js';
import type { Volid } from '../../../../domain/ids.js';
import { ferrySnapshotName, ferrySnapshots, nextSnapshotNumber, type FerrySnapshot } from '../../btrfs/ferry-snapshots.js';
import { deleteSubvolume, isSubvolume, nestedSubvolumes, snapshotSubvolume, subvolumeIds } from '../../btrfs/subvolume.js';
import type { Limiter } from '../limiter.js';
import { BtrfsDone, BtrfsGo } from '../messages.js';
import type { TreeChanges } from '../tree/changes.js';
import { Channel } from '../wire/channel.js';
import { startPiped } from '../wire/child.js';
import { FRAME } from '../wire/frame.js';
import { pump } from '../wire/pipe.js';
import { StreamChanges } from './stream-changes.js';

export interface CopySubvolumeInput {
  dial(): Promise<Duplex>;
  /** As the target calls it. */
  readonly volume: Volid;
  /** The subvolume here. */
  readonly path: string;
  /** `epochShort` of the migration: its snapshots are called by it. */
  readonly short: string;
  /** `final`: nobody writes to it any more, and the target puts a writable copy in the volume's place. */
  readonly pass: 'presync' | 'final';
  readonly limiter?: Limiter;
  readonly silenceMs?: number;
  readonly signal?: AbortSignal;
}

export interface CopySubvolumeResult {
  readonly sentBytes: number;
  /** Since which snapshot; null: all of it was sent. */
  readonly since: string | null;
  /** What was sent: a read-only copy of the volume as it was then, here by its path, on the target by its name. */
  readonly snapshot: { readonly path: string; readonly name: string };
  /** Since the last snapshot; null: all of it was sent, or there was more to it than is known here. */
  readonly changes: TreeChanges | null;
  readonly elapsedMs: number;
  /** Of that: the target's file system, synced. */
  readonly syncMs: number;
}

/**
 * One pass: a read-only snapshot beside the volume, sent as the file system's own stream (a checksum for every command of
 * it) since the last one the target has. The snapshots stay, for the next pass, until `removeFerrySnapshots`.
 * Throws `StorageUnavailable` with the tool's own words, also when subvolumes lie inside this one, which no stream holds;
 * `TransportFailed`, `Cancelled`.
 */
export async function copySubvolume(input: CopySubvolumeInput): Promise<CopySubvolumeResult> {
  const { volume, path, short, pass, limiter, silenceMs, signal } = input;
  const beganAtMs = performance.now();
  if (!await isSubvolume(path)) throw new MigrationError('StorageUnavailable', `read volume failed: ${volume}: ${path} is no subvolume`, { volume, path });
  // All at once: in the last pass a stopped container waits for it.
  const asides = [input.dial(), snapshotsOf(path, short), refuseNested(path, volume)] as const;
  for (const aside of asides) aside.catch(() => undefined);
  const [dialled, known, whole] = asides;
  let snapshot: Snapshot | null = null;
  let channel: Channel | null = null;
  try {
    const made = snapshot = await takeSnapshot(path, short);
    channel = new Channel(await dialled, { subject: `copy subvolume ${volume}`, limiter, silenceMs, signal });
    const earlier = (await known).filter(({ name }) => name !== made.name);
    await channel.say({ kind: 'btrfs', volume, pass, snapshot: made.name, uuid: made.uuid, parents: earlier.map(({ uuid }) => uuid) });
    const { parent } = await channel.hear(BtrfsGo);
    const since = earlier.find(({ uuid }) => uuid === parent) ?? null;
    await whole;
    const { sentBytes, changes } = await send(channel, volume, made, since);
    const { syncMs } = await channel.hear(BtrfsDone);
    return { sentBytes, since: since?.name ?? null, snapshot: made, changes, syncMs, elapsedMs: performance.now() - beganAtMs };
  } catch (error) {
    // The target has no use for it either.
    if (snapshot !== null) await deleteSubvolume(snapshot.path).catch(() => undefined);
    throw error;
  } finally {
    if (channel === null) void dialled.then((stream) => stream.destroy(), () => undefined);
    await channel?.close();
  }
}

interface Snapshot {
  readonly path: string;
  readonly name: string;
  readonly uuid: string;
}

async function snapshotsOf(path: string, short: string): Promise<readonly FerrySnapshot[]> {
  const [ids, snapshots] = await Promise.all([subvolumeIds(path), ferrySnapshots(dirname(path), short)]);
  return snapshots.filter(({ parentUuid, readonly }) => readonly && parentUuid === ids?.uuid);
}

async function refuseNested(path: string, volume: Volid): Promise<void> {
  const [first] = await nestedSubvolumes(path);
  if (first !== undefined) throw new MigrationError('StorageUnavailable', `copy subvolume failed: ${volume}: a subvolume lies inside it (${first}), which btrfs send leaves out`, { volume });
}

async function takeSnapshot(path: string, short: string): Promise<Snapshot> {
  const name = ferrySnapshotName(short, await nextSnapshotNumber(dirname(path), short));
  const at = join(dirname(path), name);
  await snapshotSubvolume(path, at, 'readonly');
  return { path: at, name, uuid: (await subvolumeIds(at))?.uuid ?? '' };
}

async function send(channel: Channel, volume: Volid, snapshot: Snapshot, since: FerrySnapshot | null): Promise<Pick<CopySubvolumeResult, 'sentBytes' | 'changes'>> {
  const child = startPiped('btrfs', ['send', '-q', ...(since === null ? [] : ['-p', since.path]), '--', snapshot.path]);
  try {
    child.stdin.end();
    const changes = since === null ? null : new StreamChanges();
    const sentBytes = await pump(child.stdout, channel, { after: 'stays', alongside: (piece) => changes?.feed(piece) });
    const exitCode = await child.ended;
    if (exitCode !== 0) throw new MigrationError('StorageUnavailable', `copy subvolume failed: ${volume}: btrfs send: ${child.stderr() || `exit ${exitCode ?? 'by signal'}`}`, { volume, exitCode });
    // Only a whole stream has an end: what broke off is not taken.
    await channel.send(FRAME.end);
    return { sentBytes, changes: changes?.result() ?? null };
  } finally {
    await child.kill();
  }
}
