import type { Duplex } from 'node:stream';
import type { z } from 'zod';
import { MigrationError, messageOf, type ErrorCode } from '../../../../domain/errors.js';
import type { Volid } from '../../../../domain/ids.js';
import type { Limiter } from '../limiter.js';
import { Go, TreeDone } from '../messages.js';
import { Channel } from '../wire/channel.js';
import { startPiped, type PipedChild } from '../wire/child.js';
import { drain, pump } from '../wire/pipe.js';
import { openRelay, type Relay } from './relay.js';
import { RSYNC_OPTIONS } from './rsync-arguments.js';
import { parseRsyncOutput, type RsyncReport } from './rsync-output.js';

export interface CopyTreeInput {
  dial(): Promise<Duplex>;
  /** As the target calls it. */
  readonly volume: Volid;
  /** The tree here. */
  readonly dir: string;
  /** A directory for a socket, of this user alone; its path is short (unix(7): 107 bytes with ours). */
  readonly runDir: string;
  /** `presync`: what writes to the tree is still running. `final`: nothing is, and all of it has to arrive. */
  readonly pass: 'presync' | 'final';
  /** Of rsync's whole stream; its own `--bwlimit` could not be shared with other volumes, nor changed. */
  readonly limiter?: Limiter;
  readonly silenceMs?: number;
  readonly signal?: AbortSignal;
  readonly rsync?: string;
}

export interface CopyTreeResult extends RsyncReport {
  readonly elapsedMs: number;
  /** Of that: the target's file system, synced. */
  readonly syncMs: number;
  /** false: files vanished or changed while they were read; only a `presync` may end so. */
  readonly complete: boolean;
}

/**
 * One pass of rsync over a tree, through one connection: rsync here, `rsync --server` started by the target in the
 * volume's directory. What is on the target and not here is removed there.
 * Throws `StorageUnavailable` with rsync's own words, `TransportFailed`, `Cancelled`.
 */
export async function copyTree(input: CopyTreeInput): Promise<CopyTreeResult> {
  const { volume, silenceMs, signal, limiter } = input;
  const beganAtMs = performance.now();
  const relay = await openRelay(input.runDir);
  let rsync: PipedChild | null = null;
  let channel: Channel | null = null;
  try {
    channel = new Channel(await input.dial(), { subject: `copy tree ${volume}`, silenceMs, signal, limiter });
    rsync = startPiped(input.rsync ?? 'rsync', [...RSYNC_OPTIONS, '-e', relay.remoteShell, '--', `${input.dir}/`, 'target:.'], { env: relay.env });
    rsync.stdin.end();
    const stdout = collect(rsync);
    stdout.catch(() => undefined);
    const { syncMs, stderr } = await join(channel, relay, rsync, input);
    const exitCode = await rsync.ended;
    // What went wrong on the target may have been said there only.
    judge(input, exitCode, rsync.stderr() || stderr);
    return { ...parseRsyncOutput(await stdout), complete: exitCode === 0, syncMs, elapsedMs: performance.now() - beganAtMs };
  } finally {
    await rsync?.kill();
    await relay.close();
    await channel?.close();
  }
}

/** Brings the two halves of rsync together until both have ended. Returns what the target's half said, and how long it synced. */
async function join(channel: Channel, relay: Relay, rsync: PipedChild, { volume, pass }: CopyTreeInput): Promise<Pick<z.output<typeof TreeDone>, 'syncMs' | 'stderr'>> {
  // rsync may end before it has said anything: a tree that is not there.
  const early = rsync.ended.then((exitCode) => { throw rsyncFailed(volume, exitCode, rsync.stderr()); });
  early.catch(() => undefined);
  const { stream, args } = await Promise.race([relay.accept(), early]);
  // `host`, then the command: `rsync --server …`.
  await channel.say({ kind: 'tree', volume, pass, args: args.slice(2) });
  await channel.hear(Go);
  await Promise.all([pump(stream, channel), drain(channel, stream)]);
  return channel.hear(TreeDone);
}

async function collect({ stdout }: PipedChild): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of stdout as AsyncIterable<Buffer>) pieces.push(piece);
  return Buffer.concat(pieces).toString('utf8');
}

/** rsync(1): 23 some files were not transferred, 24 some vanished. */
function judge({ volume, pass }: CopyTreeInput, exitCode: number | null, stderr: string): void {
  if (exitCode === 0 || (pass === 'presync' && (exitCode === 23 || exitCode === 24))) return;
  throw rsyncFailed(volume, exitCode, stderr);
}

function rsyncFailed(volume: Volid, exitCode: number | null, stderr: string): MigrationError {
  // 10, 12, 30, 35: the stream, its protocol, time-outs.
  const code: ErrorCode = [10, 12, 30, 35].includes(exitCode ?? 0) ? 'TransportFailed' : 'StorageUnavailable';
  return new MigrationError(code, `copy tree failed: ${volume}: rsync: ${messageOf(stderr.split('\n')[0] ?? '') || 'it said nothing'} (exit ${exitCode ?? 'by signal'})`, { volume, exitCode, stderr });
}
