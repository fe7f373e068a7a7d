import { run, runOk } from '../../../exec.js';
import { ConvertFinish, type OpeningOf } from '../messages.js';
import type { Channel } from '../wire/channel.js';
import { drain, pump } from '../wire/pipe.js';
import { exportImage, type NbdExport } from './nbd-export.js';

export interface ConvertTools {
  readonly qemuImg: string;
  readonly qemuNbd: string;
  /** For the export's socket, of this user alone. */
  readonly runDir: string;
}

/** The target's side of a change of format: its image, made anew if it is not empty, is exported until the source has finished. */
export async function serveConvert(channel: Channel, { volume: _, format, sizeBytes }: OpeningOf<'convert'>, path: string, exports: Map<string, NbdExport>, tools: ConvertTools): Promise<void> {
  if (!await isEmpty(path, format, tools.qemuImg)) await runOk(tools.qemuImg, ['create', '-q', '-f', format, '--', path, String(sizeBytes)], { code: 'StorageUnavailable', timeoutMs: 600_000 });
  const exported = await exportImage(path, format, tools.runDir, tools.qemuNbd);
  exports.set(exported.token, exported);
  try {
    await channel.say({ kind: 'session', session: exported.token });
    await channel.hear(ConvertFinish);
    const beganAtMs = performance.now();
    await exported.finish();
    await runOk('sync', ['--', path], { code: 'StorageUnavailable', timeoutMs: 600_000 });
    await channel.say({ kind: 'convert-done', syncMs: performance.now() - beganAtMs });
  } finally {
    exports.delete(exported.token);
    await exported.kill();
  }
}

/** One of the source's NBD connections, joined with the export. */
export async function serveNbd(channel: Channel, exported: NbdExport): Promise<void> {
  const socket = await exported.connect();
  try {
    await channel.say({ kind: 'go' });
    await Promise.all([pump(socket, channel), drain(channel, socket)]);
  } finally {
    socket.destroy();
  }
}

/** An image that was written to is not zero, and the source only sends what is not. */
async function isEmpty(path: string, format: string, qemuImg: string): Promise<boolean> {
  const { exitCode, stdout } = await run(qemuImg, ['map', '--output=json', '-f', format, '--', path], { timeoutMs: 600_000 });
  return exitCode === 0 && !stdout.includes('"data": true');
}
