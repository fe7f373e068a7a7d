import type { FileHandle } from 'node:fs/promises';
import { run } from '../../../exec.js';

const ZEROS = Buffer.alloc(1024 * 1024);

/** Makes a hole; where the file system has none (fallocate(2): EOPNOTSUPP), zeros are written. Node has no fallocate. */
export async function punch(file: FileHandle, path: string, startBytes: number, lengthBytes: number): Promise<void> {
  const { exitCode } = await run('fallocate', ['--punch-hole', '--offset', String(startBytes), '--length', String(lengthBytes), '--', path], { timeoutMs: 600_000 });
  if (exitCode === 0) return;
  for (let at = 0; at < lengthBytes; at += ZEROS.length) {
    await writeAll(file, ZEROS.subarray(0, Math.min(ZEROS.length, lengthBytes - at)), startBytes + at);
  }
}

/** pwrite(2) may write less than it was given. */
export async function writeAll(file: FileHandle, bytes: Buffer, atBytes: number): Promise<void> {
  for (let done = 0; done < bytes.length;) done += (await file.write(bytes, done, bytes.length - done, atBytes + done)).bytesWritten;
}

/** Fills `into` from the file; what lies behind its end is zeros. */
export async function readAll(file: FileHandle, into: Buffer, atBytes: number): Promise<void> {
  for (let done = 0; done < into.length;) {
    const { bytesRead } = await file.read(into, done, into.length - done, atBytes + done);
    if (bytesRead === 0) into.fill(0, done);
    done = bytesRead === 0 ? into.length : done + bytesRead;
  }
}
