import { MigrationError } from '../../../../domain/errors.js';
import type { Volid } from '../../../../domain/ids.js';
import type { ChunkSender } from './chunk-sender.js';
import { DigestList, type HashMeter } from './digest.js';
import { chunkCount, chunkLength, type Geometry } from './geometry.js';
import type { ImageFile } from './image-file.js';
import { nonZeroRuns, runBytes } from './runs.js';

/** Arrived damaged so often, it is not chance. */
const MOST_TRIES = 4;

export interface CopyProgress {
  /** Of `totalBytes`, holes included: equal on both sides, as far as this pass knows. */
  readonly doneBytes: number;
  readonly totalBytes: number;
  /** What went over the wire, again included. */
  readonly sentBytes: number;
}

export interface BlockPassInput {
  readonly image: ImageFile;
  readonly volume: Volid;
  readonly geometry: Geometry;
  /** 1 for each chunk that is no hole here. */
  readonly holdsData: Uint8Array;
  readonly signal: AbortSignal;
  readonly meter: HashMeter;
  onProgress(progress: CopyProgress): void;
}

/** The source's knowledge during one pass, and its work chunk by chunk. */
export class BlockPass {
  readonly #input: BlockPassInput;
  /** What is on this disk: from the very reads that are sent. */
  readonly own: DigestList;
  /** What the target's file held when it was asked. */
  readonly theirs: DigestList;
  /** Zeros here, something else there. */
  readonly toPunch: number[] = [];
  readonly meter: HashMeter;
  sentBytes = 0;
  resentBytes = 0;
  #doneBytes = 0;
  #next = 0;
  #knownUpTo = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(input: BlockPassInput) {
    this.#input = input;
    this.own = new DigestList(input.geometry);
    this.theirs = new DigestList(input.geometry);
    this.meter = input.meter;
    input.signal.addEventListener('abort', () => this.#wake(), { once: true });
  }

  get geometry(): Geometry {
    return this.#input.geometry;
  }

  get volume(): Volid {
    return this.#input.volume;
  }

  /** All about the target's chunks below this one is known. */
  learnedUpTo(index: number): void {
    this.#knownUpTo = index;
    this.#wake();
  }

  /** Takes chunk after chunk, through `buffer`, until there is none left, or the signal says so. */
  async runLane(sender: ChunkSender, buffer: Buffer): Promise<void> {
    for (let index = await this.#take(); index !== null; index = await this.#take()) {
      await this.#bring(index, buffer, sender);
      this.#done(index);
    }
  }

  async #bring(index: number, buffer: Buffer, sender: ChunkSender): Promise<void> {
    const { image, geometry, holdsData, meter } = this.#input;
    const chunk = buffer.subarray(0, chunkLength(geometry, index));
    for (let tries = 0; tries < MOST_TRIES; tries += 1) {
      if (holdsData[index] === 1) {
        await image.read(buffer, index * geometry.chunkBytes, chunk.length);
        this.own.set(index, meter.digest(chunk));
      }
      const digest = this.own.get(index);
      if (digest.equals(this.theirs.get(index))) return;
      if (digest.equals(this.own.zero(index))) {
        this.toPunch.push(index);
        return;
      }
      const runs = nonZeroRuns(chunk);
      const bytes = runBytes(runs);
      this.sentBytes += bytes;
      if (tries > 0) this.resentBytes += bytes;
      if (await sender.send({ index, digest, runs, intoHole: this.theirs.entered(index) === null }, chunk)) return;
    }
    const offsetBytes = index * geometry.chunkBytes;
    throw new MigrationError('VolumeDiffers', `copy volume failed: ${this.volume}: the chunk at byte ${offsetBytes} arrived damaged ${MOST_TRIES} times`, { volume: this.volume, offsetBytes });
  }

  /** null: nothing is left to do. */
  async #take(): Promise<number | null> {
    const { signal, geometry, holdsData } = this.#input;
    for (;;) {
      if (signal.aborted) throw new MigrationError('Cancelled', `copy volume failed: ${this.volume}: it was cancelled`);
      if (this.#next >= chunkCount(geometry)) return null;
      if (this.#next >= this.#knownUpTo) {
        await new Promise<void>((resolve) => { this.#waiting.push(resolve); });
      } else {
        const index = this.#next;
        this.#next += 1;
        if (holdsData[index] === 1 || this.theirs.entered(index) !== null) return index;
        this.#doneBytes += chunkLength(geometry, index);
      }
    }
  }

  #done(index: number): void {
    this.#doneBytes += chunkLength(this.geometry, index);
    this.#input.onProgress({ doneBytes: this.#doneBytes, totalBytes: this.geometry.sizeBytes, sentBytes: this.sentBytes });
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
