import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { run } from '../../../exec.js';
import { BLOCK_BYTES } from './runs.js';

/**
 * An image, read and written past the page cache where its file system can (O_DIRECT): a copy then costs less than half of the
 * processor's time, pushes nothing else out of memory, and what is read is what the disk holds. Elsewhere (a tmpfs, some network
 * file systems) through the cache. Memory has to come from `alignedBuffers`.
 */
export class ImageFile {
  readonly path: string;
  readonly #cached: FileHandle;
  readonly #direct: FileHandle | null;
  /** Since the last `sync`. */
  #failure: Error | null = null;

  private constructor(path: string, cached: FileHandle, direct: FileHandle | null) {
    this.path = path;
    this.#cached = cached;
    this.#direct = direct;
  }

  static async open(path: string, mode: 'r' | 'r+'): Promise<ImageFile> {
    const cached = await open(path, mode);
    const direct = await open(path, (mode === 'r' ? constants.O_RDONLY : constants.O_RDWR) | constants.O_DIRECT).catch(() => null);
    const works = direct !== null && await direct.read(probeBuffer(), 0, BLOCK_BYTES, 0).then(() => true, () => false);
    if (!works) await direct?.close();
    return new ImageFile(path, cached, works ? direct : null);
  }

  async sizeBytes(): Promise<number> {
    return (await this.#cached.stat()).size;
  }

  truncate(sizeBytes: number): Promise<void> {
    return this.#cached.truncate(sizeBytes);
  }

  /** `lengthBytes` from there, at the beginning of `buffer`, which has room up to the next whole block; behind the file's end are zeros. */
  async read(buffer: Buffer, atBytes: number, lengthBytes: number): Promise<Buffer> {
    const bytes = buffer.subarray(0, Math.ceil(lengthBytes / BLOCK_BYTES) * BLOCK_BYTES);
    for (let done = 0; done < lengthBytes;) {
      const { bytesRead } = await (this.#direct ?? this.#cached).read(bytes, done, bytes.length - done, atBytes + done);
      done += bytesRead;
      if (bytesRead !== 0) continue;
      bytes.fill(0, done);
      break;
    }
    return buffer.subarray(0, lengthBytes);
  }

  /** pwrite(2) may write less than it was given. Only whole blocks can go past the cache. */
  async write(bytes: Buffer, atBytes: number): Promise<void> {
    const whole = bytes.length % BLOCK_BYTES === 0 && atBytes % BLOCK_BYTES === 0;
    const file = (whole ? this.#direct : null) ?? this.#cached;
    for (let done = 0; done < bytes.length;) done += (await file.write(bytes, done, bytes.length - done, atBytes + done)).bytesWritten;
  }

  /** Has the disk write what is in the cache. What goes wrong is thrown by `sync`, which alone may not hear of it again (fsync(2)). */
  async flush(): Promise<void> {
    if (this.#direct === null) await this.#cached.datasync().catch((error: unknown) => { this.#failure ??= error as Error; });
  }

  /** Everything is on the disk, and what is read next comes from there. */
  async sync(): Promise<void> {
    await this.#cached.sync();
    if (this.#failure !== null) throw this.#failure;
    // POSIX_FADV_DONTNEED, by coreutils.
    if (this.#direct === null) await run('dd', [`if=${this.path}`, 'iflag=nocache', 'count=0', 'status=none']);
  }

  async close(): Promise<void> {
    await Promise.all([this.#cached.close(), this.#direct?.close()]);
  }
}

/** Buffers that begin at a page: V8 maps a resizable one by itself. Not so, `ImageFile.open` notices and uses the cache. */
export function alignedBuffers(count: number, bytes: number): Buffer[] {
  const size = count * bytes;
  const memory = Reflect.construct(ArrayBuffer, [size, { maxByteLength: size }]) as ArrayBuffer;
  return Array.from({ length: count }, (_, at) => Buffer.from(memory, at * bytes, bytes));
}

const probeBuffer = (): Buffer => alignedBuffers(1, BLOCK_BYTES)[0] as Buffer;
