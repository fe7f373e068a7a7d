import type { Duplex } from 'node:stream';
import { MigrationError } from '../../../../domain/errors.js';
import type { Volid } from '../../../../domain/ids.js';
import { imageInfo } from '../../image-info.js';
import type { ImageFormat } from '../../volume-store.js';
import type { CopyProgress } from '../blocks/pass.js';
import type { Limiter } from '../limiter.js';
import { ConvertDone, SessionMessage } from '../messages.js';
import { Channel, type ChannelOptions } from '../wire/channel.js';
import { startPiped } from '../wire/child.js';
import { openNbdBridge, type NbdBridge } from './nbd-bridge.js';

export interface ConvertVolumeInput {
  dial(): Promise<Duplex>;
  /** As the target calls it; it exists there, of this size. */
  readonly volume: Volid;
  readonly path: string;
  readonly format: ImageFormat;
  readonly targetFormat: ImageFormat;
  /** A directory for a socket, of this user alone. */
  readonly runDir: string;
  readonly limiter?: Limiter;
  readonly silenceMs?: number;
  readonly signal?: AbortSignal;
  readonly qemuImg?: string;
  /** `sentBytes` is told when a connection ends. */
  onProgress?(progress: CopyProgress): void;
}

export interface ConvertVolumeResult {
  readonly sizeBytes: number;
  readonly sentBytes: number;
  readonly elapsedMs: number;
  /** Of that: both images read and compared. */
  readonly compareMs: number;
  readonly syncMs: number;
}

/**
 * Brings an image to the target in another format: `qemu-img convert` here writes to the image there, exported by a qemu-nbd
 * on a socket of its own; then `qemu-img compare` reads both. Always from the beginning: only an empty target can be told
 * from the source without reading it. Throws `PrerequisitesNotMet` for an image with snapshots, which would be lost,
 * `VolumeDiffers` naming the offset, `StorageUnavailable`, `TransportFailed`, `Cancelled`.
 */
export async function convertVolume(input: ConvertVolumeInput): Promise<ConvertVolumeResult> {
  const { volume, path, format, targetFormat, limiter, silenceMs, signal } = input;
  const beganAtMs = performance.now();
  const { virtualSizeBytes: sizeBytes, snapshots } = await imageInfo(path, format, input.qemuImg);
  if (snapshots.length > 0) throw new MigrationError('PrerequisitesNotMet', `convert volume failed: ${volume}: its snapshots (${snapshots.join(', ')}) would be lost`, { volume, snapshots });
  const options: ChannelOptions = { subject: `convert volume ${volume}`, limiter, silenceMs, signal };
  const control = new Channel(await input.dial(), options);
  let bridge: NbdBridge | null = null;
  try {
    await control.say({ kind: 'convert', volume, format: targetFormat, sizeBytes });
    const { session } = await control.hear(SessionMessage);
    bridge = await openNbdBridge(input.runDir, session, () => input.dial(), options);
    await convert(input, sizeBytes, bridge);
    const comparingAtMs = performance.now();
    await compare(input, bridge);
    const compareMs = performance.now() - comparingAtMs;
    await bridge.close();
    await control.say({ kind: 'convert-finish' });
    const { syncMs } = await control.hear(ConvertDone);
    return { sizeBytes, sentBytes: bridge.sentBytes(), elapsedMs: performance.now() - beganAtMs, compareMs, syncMs };
  } finally {
    await bridge?.close();
    await control.close();
  }
}

async function convert(input: ConvertVolumeInput, sizeBytes: number, bridge: NbdBridge): Promise<void> {
  const args = ['convert', '-p', '-n', '--target-is-zero', '-f', input.format, '-O', 'raw', '--', input.path, `nbd:unix:${bridge.socketPath}`];
  const { exitCode, stderr } = await runHere(input, args, (said) => {
    const percent = /\((\d+\.\d+)\/100%\)\s*$/.exec(said)?.[1];
    if (percent !== undefined) input.onProgress?.({ doneBytes: Math.floor((sizeBytes * Number(percent)) / 100), totalBytes: sizeBytes, sentBytes: bridge.sentBytes() });
  });
  if (exitCode !== 0) throw failureOf(input, bridge, 'convert', stderr, exitCode);
}

async function compare(input: ConvertVolumeInput, bridge: NbdBridge): Promise<void> {
  const { exitCode, stdout, stderr } = await runHere(input, ['compare', '-f', input.format, '-F', 'raw', '--', input.path, `nbd:unix:${bridge.socketPath}`]);
  if (exitCode === 0) return;
  // qemu-img(1): 1 differs, 2 and more are errors.
  if (exitCode !== 1) throw failureOf(input, bridge, 'compare', stderr, exitCode);
  const offsetBytes = Number(/offset (\d+)/.exec(stdout)?.[1] ?? Number.NaN);
  throw new MigrationError('VolumeDiffers', `verify volume failed: ${input.volume}: read again on the target: ${stdout.trim()}`, { volume: input.volume, offsetBytes });
}

async function runHere({ qemuImg = 'qemu-img', signal }: ConvertVolumeInput, args: readonly string[], onOutput: (said: string) => void = () => undefined): Promise<{ exitCode: number | null; stdout: string; stderr: string }> {
  const child = startPiped(qemuImg, args);
  const abort = (): void => { void child.kill(); };
  signal?.addEventListener('abort', abort);
  try {
    child.stdin.end();
    let stdout = '';
    child.stdout.on('data', (text: Buffer) => {
      stdout = (stdout + text.toString('utf8')).slice(-4096);
      onOutput(stdout);
    });
    if (signal?.aborted === true) abort();
    return { exitCode: await child.ended, stdout, stderr: child.stderr() };
  } finally {
    signal?.removeEventListener('abort', abort);
    await child.kill();
  }
}

/** The connection's own reason says more than qemu-img's, which only lost its server. */
function failureOf({ volume, signal }: ConvertVolumeInput, bridge: NbdBridge, verb: string, stderr: string, exitCode: number | null): MigrationError {
  if (signal?.aborted === true) return new MigrationError('Cancelled', `convert volume failed: ${volume}: it was cancelled`);
  const failure = bridge.failure();
  if (failure instanceof MigrationError) return failure;
  return new MigrationError('StorageUnavailable', `${verb} volume failed: ${volume}: qemu-img: ${stderr || `exit ${exitCode ?? 'by signal'}`}`, { volume, exitCode });
}
