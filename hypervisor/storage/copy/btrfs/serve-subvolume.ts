import { basename, dirname, join } from 'node:path';
import { MigrationError } from '../../../../domain/errors.js';
import { runOk } from '../../../exec.js';
import { FERRY_SNAPSHOT, ferrySnapshots } from '../../btrfs/ferry-snapshots.js';
import { deleteSubvolume, isSubvolume, snapshotSubvolume, subvolumeIds } from '../../btrfs/subvolume.js';
import { isOwnVolume } from '../../guest-folder.js';
import type { OpeningOf } from '../messages.js';
import type { Channel } from '../wire/channel.js';
import { startPiped } from '../wire/child.js';
import { drain } from '../wire/pipe.js';

/**
 * The target's half of one pass. The stream is received under the snapshot's name, in the volume's own folder, which
 * `btrfs receive` cannot leave (`-C`: chroot). The last pass puts a writable snapshot of it in the volume's place.
 */
export async function serveSubvolume(channel: Channel, opening: OpeningOf<'btrfs'>, path: string): Promise<void> {
  const { snapshot, uuid } = opening;
  const folder = dirname(path);
  if (!isOwnVolume(basename(path))) throw failed(opening, `${basename(path)} is not a guest's own volume`);
  const received = join(folder, snapshot);
  const short = FERRY_SNAPSHOT.exec(snapshot)?.[1] ?? '';
  // One of an earlier try that broke off, or whose answer was lost.
  await deleteSubvolume(received);
  const known = (await ferrySnapshots(folder, short)).filter(({ receivedUuid }) => receivedUuid !== null && opening.parents.includes(receivedUuid));
  await channel.say({ kind: 'btrfs-go', parent: known.at(-1)?.receivedUuid ?? null });
  try {
    await receive(channel, opening, folder);
    // Set by the stream's own last command.
    if ((await subvolumeIds(received))?.receivedUuid !== uuid) throw failed(opening, `what was received is not ${snapshot}`);
  } catch (error) {
    await deleteSubvolume(received).catch(() => undefined);
    throw error;
  }
  if (opening.pass === 'final') await place(received, path, opening);
  // The last pass need not wait for that.
  else await deleteSubvolume(path);
  const beganAtMs = performance.now();
  await runOk('sync', ['-f', folder], { code: 'StorageUnavailable', timeoutMs: 600_000 });
  await channel.say({ kind: 'btrfs-done', syncMs: performance.now() - beganAtMs });
}

async function receive(channel: Channel, opening: OpeningOf<'btrfs'>, folder: string): Promise<void> {
  const child = startPiped('btrfs', ['receive', '-q', '-e', '-C', '--', folder]);
  try {
    await drain(channel, child.stdin);
    const exitCode = await child.ended;
    if (exitCode !== 0) throw failed(opening, `btrfs receive: ${child.stderr() || `exit ${exitCode ?? 'by signal'}`}`);
  } finally {
    await child.kill();
  }
}

/** The volume's place was reserved with an empty subvolume, or holds the copy of an earlier try. */
async function place(received: string, path: string, opening: OpeningOf<'btrfs'>): Promise<void> {
  await deleteSubvolume(path);
  if (await isSubvolume(path)) throw failed(opening, 'what lay in its place is still there');
  await snapshotSubvolume(received, path, 'writable');
}

const failed = ({ volume }: OpeningOf<'btrfs'>, cause: string): MigrationError =>
  new MigrationError('StorageUnavailable', `receive subvolume failed: ${volume}: ${cause}`, { volume });
