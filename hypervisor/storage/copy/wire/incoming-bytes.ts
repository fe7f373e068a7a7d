import type { Duplex } from 'node:stream';

const PAUSE_ABOVE_BYTES = 2 * 1024 * 1024;

/** What a stream brings, read in exact portions. The stream is paused while nobody reads. */
export class IncomingBytes {
  readonly #stream: Duplex;
  #pieces: Buffer[] = [];
  #bytes = 0;
  #over: 'no' | 'ended' | Error = 'no';
  #wake: () => void = () => undefined;
  /** When something came, or we kept it from coming (`performance.now()`). */
  #heardAtMs = performance.now();

  constructor(stream: Duplex) {
    this.#stream = stream;
    stream.on('data', (piece: Buffer) => {
      this.#heardAtMs = performance.now();
      this.#pieces.push(piece);
      this.#bytes += piece.length;
      if (this.#bytes > PAUSE_ABOVE_BYTES) stream.pause();
      this.#wake();
    });
    stream.once('end', () => this.stop('ended'));
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

  /** Fills `into`. False: the stream ended before its first byte. Throws when it ended or broke in the middle. */
  async fill(into: Buffer): Promise<boolean> {
    let filled = 0;
    while (filled < into.length) {
      if (this.#over instanceof Error) throw this.#over;
      if (this.#bytes > 0) filled += this.#take(into, filled);
      else if (this.#over === 'no') await new Promise<void>((resolve) => { this.#wake = resolve; });
      else if (filled === 0) return false;
      else throw new Error('the peer closed the connection in the middle of a frame');
    }
    return true;
  }

  #take(into: Buffer, at: number): number {
    const piece = this.#pieces[0] as Buffer;
    const length = Math.min(piece.length, into.length - at);
    piece.copy(into, at, 0, length);
    if (length === piece.length) this.#pieces.shift();
    else this.#pieces[0] = piece.subarray(length);
    this.#bytes -= length;
    if (this.#bytes <= PAUSE_ABOVE_BYTES / 4 && this.#stream.isPaused()) {
      this.#heardAtMs = performance.now();
      this.#stream.resume();
    }
    return length;
  }
}
