import type { FileHandle } from 'node:fs/promises';

/** Enough for the disk to work on, little enough to wait for at the end. */
const BATCH_BYTES = 64 * 1024 ** 2;

/**
 * Has the disk write while data still arrives: left to itself the kernel keeps everything until somebody asks for it, and the end
 * of the copy would wait for all of it at once.
 */
export class FlushBehind {
  readonly #file: FileHandle;
  #unflushedBytes = 0;
  #failure: Error | null = null;
  #flushing: Promise<void> | null = null;

  constructor(file: FileHandle) {
    this.#file = file;
  }

  wrote(bytes: number): void {
    this.#unflushedBytes += bytes;
    if (this.#flushing !== null || this.#unflushedBytes < BATCH_BYTES) return;
    this.#unflushedBytes = 0;
    // fsync(2) tells an error once: the last one may not hear of it again.
    this.#flushing = this.#file.datasync().catch((error: unknown) => { this.#failure ??= error as Error; }).finally(() => { this.#flushing = null; });
  }

  /** Everything is on the disk. Throws also what went wrong before. */
  async finish(): Promise<void> {
    await this.settle();
    await this.#file.sync();
    if (this.#failure !== null) throw this.#failure;
  }

  /** Nothing uses the file any more. */
  async settle(): Promise<void> {
    await this.#flushing;
  }
}
