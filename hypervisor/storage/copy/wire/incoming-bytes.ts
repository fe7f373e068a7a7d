import type { Duplex } from 'node:stream';
import { readIntoOwn } from './own-memory.js';

const PAUSE_ABOVE_BYTES = 2 * 1024 * 1024;
/** What comes while nobody asks for it waits in these. */
const SEGMENT_BYTES = 64 * 1024;
/** Many of them may hold little. */
const MOST_PIECES = 64;
/** Of what is asked for: so much is read to its place at once, not by way of a segment. */
const DIRECT_FROM_BYTES = SEGMENT_BYTES;

interface Piece {
  readonly bytes: Buffer;
  /** The memory it lies in, when that is ours. */
  readonly segment: Buffer | null;
}

/** What a stream brings, read in exact portions. The stream is paused while nobody reads. */
export class IncomingBytes {
  readonly #stream: Duplex;
  readonly #pieces: Piece[] = [];
  readonly #freeSegments: Buffer[] = [];
  #bytes = 0;
  /** Being filled. */
  #wanted: Buffer | null = null;
  #filledBytes = 0;
  #over: 'no' | 'ended' | Error = 'no';
  #wake: () => void = () => undefined;
  /** When something came, or we kept it from coming (`performance.now()`). */
  #heardAtMs = performance.now();

  constructor(stream: Duplex) {
    this.#stream = stream;
    stream.once('end', () => this.stop('ended'));
    // What came with the words before.
    for (let rest = stream.read() as Buffer | null; rest !== null; rest = stream.read() as Buffer | null) this.#enter(rest, null);
    const own = readIntoOwn(stream, { next: () => this.#room(), took: (bytes, into) => this.#took(bytes, into) });
    if (own) stream.resume();
    else stream.on('data', (piece: Buffer) => this.#enter(piece, null));
  }

  get heardAtMs(): number {
    return this.#stream.isPaused() ? performance.now() : this.#heardAtMs;
  }

  /** We stood still ourselves: what came meanwhile has not been looked at. */
  forgive(): void {
    this.#heardAtMs = performance.now();
  }

  /** Reads fail with this once everything that came has been read. */
  stop(how: 'ended' | Error): void {
    if (this.#over === 'no' || how !== 'ended') this.#over = how;
    this.#wake();
  }

  /** Fills `into`. False: the stream ended before its first byte. Throws when it ended or broke in the middle. One at a time. */
  async fill(into: Buffer): Promise<boolean> {
    this.#wanted = into;
    this.#filledBytes = 0;
    this.#serve();
    try {
      while (this.#filledBytes < into.length) {
        if (this.#over instanceof Error) throw this.#over;
        if (this.#over === 'no') await new Promise<void>((resolve) => { this.#wake = resolve; });
        else if (this.#filledBytes === 0) return false;
        else throw new Error('the peer closed the connection in the middle of a frame');
      }
      return true;
    } finally {
      this.#wanted = null;
    }
  }

  /** Where the next bytes go: to whom it is waited for, or into a segment. */
  #room(): Buffer {
    const leftBytes = this.#wanted === null ? 0 : this.#wanted.length - this.#filledBytes;
    if (this.#bytes === 0 && leftBytes >= DIRECT_FROM_BYTES) return (this.#wanted as Buffer).subarray(this.#filledBytes);
    return this.#freeSegments.pop() ?? Buffer.allocUnsafeSlow(SEGMENT_BYTES);
  }

  #took(bytes: number, into: Buffer): void {
    const direct = into.buffer === this.#wanted?.buffer && into.byteOffset === this.#wanted.byteOffset + this.#filledBytes;
    if (!direct) {
      this.#enter(into.subarray(0, bytes), into);
      return;
    }
    this.#heardAtMs = performance.now();
    this.#filledBytes += bytes;
    if (this.#filledBytes === this.#wanted?.length) this.#wake();
  }

  #enter(bytes: Buffer, segment: Buffer | null): void {
    this.#heardAtMs = performance.now();
    this.#pieces.push({ bytes, segment });
    this.#bytes += bytes.length;
    this.#serve();
    if (this.#bytes > PAUSE_ABOVE_BYTES || this.#pieces.length >= MOST_PIECES) this.#stream.pause();
  }

  #serve(): void {
    const into = this.#wanted;
    if (into === null) return;
    while (this.#bytes > 0 && this.#filledBytes < into.length) this.#filledBytes += this.#take(into, this.#filledBytes);
    if (this.#filledBytes === into.length) this.#wake();
  }

  #take(into: Buffer, at: number): number {
    const { bytes, segment } = this.#pieces.shift() as Piece;
    const length = Math.min(bytes.length, into.length - at);
    bytes.copy(into, at, 0, length);
    if (length < bytes.length) this.#pieces.unshift({ bytes: bytes.subarray(length), segment });
    else if (segment !== null) this.#freeSegments.push(segment);
    this.#bytes -= length;
    if (this.#bytes <= PAUSE_ABOVE_BYTES / 4 && this.#stream.isPaused()) {
      this.#heardAtMs = performance.now();
      this.#stream.resume();
    }
    return length;
  }
}
