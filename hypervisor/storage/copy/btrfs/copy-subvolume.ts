import { dirname, join } from 'node:path';
import type { Duplex } from 'node:stream';
import { MigrationError } from '../../../../domain/errors.js';
import type { Volid } from '../../../../domain/ids.js';
import { ferrySnapshotName, ferrySnapshots, nextSnapshotNumber, type FerrySnapshot } from '../../btrfs/ferry-snapshots.js';
import { deleteSubvolume, snapshotSubvolume, subvolumeIds } from '../../btrfs/subvolume.js';
import type { Limiter } from '../limiter.js';
import { BtrfsDone, BtrfsGo } from '../messages.js';
import { Channel } from '../wire/channel.js';
import { startPiped } from '../wire/child.js';
import { FRAME } from '../wire/frame.js';
import { pump } from '../wire/pipe.js';

export interface CopySubvolumeInput {
  dial(): Promise<Duplex>;
  /** As the target calls it. */
  readonly volume: Volid;
  /** The subvolume here. */
  readonly path: string;
  /** Eight hexadecimal digits of the migration: its snapshots are called by them. */
  readonly epoch8: string;
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
  readonly snapshot: string;
  readonly elapsedMs: number;
  /** Of that: the target's file system, synced. */
  readonly syncMs: number;
}

/**
 * One pass: a read-only snapshot beside the volume, sent as the file system's own stream (a checksum for every command of
 * it) since the last one the target has. The snapshots stay, for the next pass, until `removeFerrySnapshots`.
 * Throws `StorageUnavailable` with the tool's own words, `TransportFailed`, `Cancelled`.
 */
export async function copySubvolume(input: CopySubvolumeInput): Promise<CopySubvolumeResult> {
  const { volume, path, epoch8, pass, limiter, silenceMs, signal } = input;
  const beganAtMs = performance.now();
  const earlier = await snapshotsOf(path, volume, epoch8);
  const snapshot = await takeSnapshot(path, epoch8);
  let channel: Channel | null = null;
  try {
    channel = new Channel(await input.dial(), { subject: `copy subvolume ${volume}`, limiter, silenceMs, signal });
    await channel.say({ kind: 'btrfs', volume, pass, snapshot: snapshot.name, uuid: snapshot.uuid, parents: earlier.map(({ uuid }) => uuid) });
    const { parent } = await channel.hear(BtrfsGo);
    const since = earlier.find(({ uuid }) => uuid === parent) ?? null;
    const sentBytes = await send(channel, volume, snapshot, since);
    const { syncMs } = await channel.hear(BtrfsDone);
    return { sentBytes, since: since?.name ?? null, snapshot: snapshot.name, syncMs, elapsedMs: performance.now() - beganAtMs };
  } catch (error) {
    // The target has no use for it either.
    await deleteSubvolume(snapshot.path).catch(() => undefined);
    throw error;
  } finally {
    await channel?.close();
  }
}

async function snapshotsOf(path: string, volume: Volid, epoch8: string): Promise<readonly FerrySnapshot[]> {
  const ids = await subvolumeIds(path);
  if (ids === null) throw new MigrationError('StorageUnavailable', `read volume failed: ${volume}: ${path} is no subvolume`, { volume, path });
  return (await ferrySnapshots(dirname(path), epoch8)).filter(({ parentUuid, readonly }) => readonly && parentUuid === ids.uuid);
}

async function takeSnapshot(path: string, epoch8: string): Promise<{ readonly path: string; readonly name: string; readonly uuid: string }> {
  const name = ferrySnapshotName(epoch8, await nextSnapshotNumber(dirname(path), epoch8));
  const at = join(dirname(path), name);
  await snapshotSubvolume(path, at, 'readonly');
  return { path: at, name, uuid: (await subvolumeIds(at))?.uuid ?? '' };
}

async function send(channel: Channel, volume: Volid, snapshot: { readonly path: string }, since: FerrySnapshot | null): Promise<number> {
  const child = startPiped('btrfs', ['send', '-q', ...(since === null ? [] : ['-p', since.path]), '--', snapshot.path]);
  try {
    child.stdin.end();
    const sentBytes = await pump(child.stdout, channel, 'stays');
    const exitCode = await child.ended;
    if (exitCode !== 0) throw new MigrationError('StorageUnavailable', `copy subvolume failed: ${volume}: btrfs send: ${child.stderr() || `exit ${exitCode ?? 'by signal'}`}`, { volume, exitCode });
    // Only a whole stream has an end: what broke off is not taken.
    await channel.send(FRAME.end);
    return sentBytes;
  } finally {
    await child.kill();
  }
}
