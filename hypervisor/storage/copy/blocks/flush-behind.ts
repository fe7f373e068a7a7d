import type { ImageFile } from './image-file.js';

/** Enough for the disk to work on, little enough to wait for at the end. */
const BATCH_BYTES = 64 * 1024 ** 2;

/**
 * Has the disk write while data still arrives: left to itself the kernel keeps everything that went through its cache until somebody
 * asks for it, and the end of the copy would wait for all of it at once.
 */
export class FlushBehind {
  readonly #image: ImageFile;
  #unflushedBytes = 0;
  #flushing: Promise<void> | null = null;

  constructor(image: ImageFile) {
    this.#image = image;
  }

  wrote(bytes: number): void {
    this.#unflushedBytes += bytes;
    if (this.#flushing !== null || this.#unflushedBytes < BATCH_BYTES) return;
    this.#unflushedBytes = 0;
    this.#flushing = this.#image.flush().finally(() => { this.#flushing = null; });
  }

  /** Nothing uses the file any more. */
  async settle(): Promise<void> {
    await this.#flushing;
  }
}
