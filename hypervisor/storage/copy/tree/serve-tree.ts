import { lstat } from 'node:fs/promises';
import { MigrationError, messageOf } from '../../../../domain/errors.js';
import type { Volid } from '../../../../domain/ids.js';
import { runOk } from '../../../exec.js';
import type { OpeningOf } from '../messages.js';
import type { Channel } from '../wire/channel.js';
import { startPiped } from '../wire/child.js';
import { FRAME } from '../wire/frame.js';
import { drain, pump } from '../wire/pipe.js';
import { serverArguments } from './rsync-arguments.js';

/**
 * The target's half of one pass of rsync, in the directory this node found for the volume. Arguments that are not those of
 * `RSYNC_OPTIONS` are refused: with others rsync reads and writes wherever it is told.
 */
export async function serveTree(channel: Channel, { volume, args }: OpeningOf<'tree'>, dir: string, rsync: string): Promise<void> {
  const allowed = serverArguments(args);
  if (allowed === null) throw new MigrationError('TransportFailed', `copy tree failed: ${volume}: the source asked rsync for something else than a pass`, { volume, args });
  await requireDirectory(volume, dir);
  const child = startPiped(rsync, allowed, { cwd: dir });
  try {
    await channel.say({ kind: 'go' });
    const incoming = drain(channel, child.stdin);
    incoming.catch(() => child.kill());
    await pump(child.stdout, channel, { after: 'stays' });
    const exitCode = await child.ended;
    const beganAtMs = performance.now();
    // What was written is the guest's only copy soon.
    await runOk('sync', ['-f', dir], { code: 'StorageUnavailable', timeoutMs: 600_000 });
    const syncMs = performance.now() - beganAtMs;
    await channel.send(FRAME.end);
    await incoming;
    await channel.say({ kind: 'tree-done', exitCode, syncMs, stderr: child.stderr() });
  } finally {
    await child.kill();
  }
}

/** A symbolic link would lead anywhere. */
export async function requireDirectory(volume: Volid, dir: string): Promise<void> {
  const found = await lstat(dir).catch((error: unknown) => {
    throw new MigrationError('StorageUnavailable', `open volume failed: ${volume}: ${messageOf(error)}`, { volume }, error);
  });
  if (!found.isDirectory()) throw new MigrationError('StorageUnavailable', `open volume failed: ${volume}: it is no directory`, { volume });
}
