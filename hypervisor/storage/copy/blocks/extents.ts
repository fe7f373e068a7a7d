import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { stat } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { MigrationError, messageOf } from '../../../../domain/errors.js';
import { chunkCount, type Geometry } from './geometry.js';

/**
 * Which chunks of a file hold data: 1 for each that does. Node has no SEEK_DATA; `qemu-img map` asks the kernel just so, for 17 ms
 * of starting it (docs/design/012), ten times that on a busy machine; a file without any room for holes is not asked about. Where the
 * file system knows no holes everything is data. Throws `StorageUnavailable`.
 */
export async function dataChunks(path: string, geometry: Geometry, qemuImg = 'qemu-img'): Promise<Uint8Array> {
  const chunks = new Uint8Array(chunkCount(geometry));
  if (await allocatedBytes(path) >= geometry.sizeBytes) return chunks.fill(1);
  const child = spawn(qemuImg, ['map', '-U', '--output=json', '-f', 'raw', '--', path], { stdio: ['ignore', 'pipe', 'pipe'] });
  let stderr = '';
  child.stderr.on('data', (text: Buffer) => { stderr += text.toString('utf8'); });
  const ended = once(child, 'close').catch((error: unknown) => { throw unreadable(path, String(error)); });
  // A file in pieces has as many lines: they are not kept.
  const lines = createInterface({ input: child.stdout });
  lines.on('line', (line) => {
    const extent = EXTENT.exec(line);
    if (extent !== null) mark(chunks, geometry, Number(extent[1]), Number(extent[2]));
  });
  const [exitCode] = await ended as [number | null];
  if (exitCode !== 0) throw unreadable(path, stderr.trim() || `qemu-img ended with ${exitCode ?? 'a signal'}`);
  return chunks;
}

/**
 * What of a file the target may hold already, by the same measure. A file system that has not yet counted what was written last calls it empty:
 * that costs a pass, since what is read at its end is asked for by `dataChunks`.
 */
export const dataChunksUnlessEmpty = async (path: string, geometry: Geometry, qemuImg?: string): Promise<Uint8Array> =>
  (geometry.sizeBytes > MOST_INLINE_BYTES && await allocatedBytes(path) === 0 ? new Uint8Array(chunkCount(geometry)) : dataChunks(path, geometry, qemuImg));

/** Some file systems keep a small file's content with its name, and count no room for it. */
const MOST_INLINE_BYTES = 64 * 1024;

/** stat(2) counts in 512 bytes, whatever the file system's blocks are. */
async function allocatedBytes(path: string): Promise<number> {
  const { blocks } = await stat(path).catch((error: unknown) => { throw unreadable(path, messageOf(error)); });
  return blocks * 512;
}

/** One line for each extent, the data ones marked so (QEMU 10.0, `qemu-img map --output=json`). */
const EXTENT = /"start": (\d+), "length": (\d+),.*"data": true/;

function mark(chunks: Uint8Array, { sizeBytes, chunkBytes }: Geometry, startBytes: number, lengthBytes: number): void {
  const end = Math.min(sizeBytes, startBytes + lengthBytes);
  chunks.fill(1, Math.floor(startBytes / chunkBytes), Math.ceil(end / chunkBytes));
}

const unreadable = (path: string, cause: string): MigrationError =>
  new MigrationError('StorageUnavailable', `map image failed: ${path}: ${cause}`, { path });
