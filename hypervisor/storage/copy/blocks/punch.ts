import { run } from '../../../exec.js';
import { alignedBuffers, type ImageFile } from './image-file.js';

const ZEROS = alignedBuffers(1, 1024 * 1024)[0] as Buffer;

/** Makes a hole; where the file system has none (fallocate(2): EOPNOTSUPP), zeros are written. Node has no fallocate. */
export async function punch(image: ImageFile, startBytes: number, lengthBytes: number): Promise<void> {
  const { exitCode } = await run('fallocate', ['--punch-hole', '--offset', String(startBytes), '--length', String(lengthBytes), '--', image.path], { timeoutMs: 600_000 });
  if (exitCode === 0) return;
  for (let at = 0; at < lengthBytes; at += ZEROS.length) {
    await image.write(ZEROS.subarray(0, Math.min(ZEROS.length, lengthBytes - at)), startBytes + at);
  }
}
