import { createHash, randomBytes } from 'node:crypto';
import { open, stat, truncate, writeFile } from 'node:fs/promises';
import { createReadStream } from 'node:fs';

export const MIB = 1024 ** 2;

/** A file of `sizeBytes` with random data in these places, and holes elsewhere. */
export async function makeSparse(path: string, sizeBytes: number, places: readonly (readonly [atBytes: number, lengthBytes: number])[]): Promise<void> {
  await writeFile(path, '');
  await truncate(path, sizeBytes);
  const file = await open(path, 'r+');
  for (const [at, length] of places) {
    for (let done = 0; done < length; done += MIB) await file.write(randomBytes(Math.min(MIB, length - done)), 0, Math.min(MIB, length - done), at + done);
  }
  await file.sync();
  await file.close();
}

export async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const bytes of createReadStream(path, { highWaterMark: 4 * MIB })) hash.update(bytes as Buffer);
  return hash.digest('hex');
}

export const allocatedBytes = async (path: string): Promise<number> => (await stat(path)).blocks * 512;

export async function flipByte(path: string, atBytes: number): Promise<void> {
  const file = await open(path, 'r+');
  const byte = Buffer.alloc(1);
  await file.read(byte, 0, 1, atBytes);
  byte[0] = (byte[0] as number) ^ 0x01;
  await file.write(byte, 0, 1, atBytes);
  await file.close();
}
