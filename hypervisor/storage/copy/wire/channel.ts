import type { Duplex } from 'node:stream';
import type { z } from 'zod';
import { ERROR_CODES, MigrationError, messageOf, type ErrorCode } from '../../../../domain/errors.js';
import type { Limiter } from '../limiter.js';
import { FRAME, FRAME_BYTES, frameStart, isSound, parseFrameStart } from './frame.js';
import { IncomingBytes } from './incoming-bytes.js';
import { keepPulse, SILENCE_MS } from './pulse.js';

export interface ChannelOptions {
  /** Who speaks about what, for the sentence of an error: `copy volume local:101/vm-101-disk-0.raw`. */
  readonly subject: string;
  /** The peer is heard at least this often, or it is lost (default 10 000). Life is shown four times as often, or each second. */
  readonly silenceMs?: number | undefined;
  readonly limiter?: Limiter | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Its body is still to be read, with `readBody`. */
export interface Frame {
  readonly kind: number;
  readonly head: Buffer;
  readonly bodyBytes: number;
}

const CLOSE_GRACE_MS = 1000;
const NOTHING = Buffer.alloc(0);

/**
 * Frames over one authenticated connection. Every method throws `TransportFailed` when it broke, fell silent or brought
 * garbage, `Cancelled` after the signal, and what the peer said went wrong there with the peer's own code.
 */
export class Channel {
  readonly #stream: Duplex;
  readonly #options: ChannelOptions;
  readonly #incoming: IncomingBytes;
  readonly #pulse: NodeJS.Timeout;
  #turn: Promise<void> = Promise.resolve();
  #sentAtMs = performance.now();
  #sending = 0;
  #failure: MigrationError | null = null;
  #saidFailed = false;
  #drained: () => void = () => undefined;

  constructor(stream: Duplex, options: ChannelOptions) {
    this.#stream = stream;
    this.#options = options;
    this.#incoming = new IncomingBytes(stream);
    this.#pulse = keepPulse(options.silenceMs ?? SILENCE_MS, {
      heardAtMs: () => this.#incoming.heardAtMs,
      forgive: () => this.#incoming.forgive(),
      idleSinceMs: () => (this.#sending === 0 ? this.#sentAtMs : null),
      showLife: () => { this.send(FRAME.alive).catch(() => undefined); },
      onSilence: (cause) => this.#lose(cause),
    });
    const abort = (): void => { this.destroy(new MigrationError('Cancelled', `${options.subject} failed: it was cancelled`)); };
    stream.on('drain', () => this.#drained());
    stream.on('error', (error) => this.#lose(messageOf(error)));
    stream.once('close', () => {
      clearInterval(this.#pulse);
      options.signal?.removeEventListener('abort', abort);
      // What came before a clean end may still be read.
      if (stream.readableEnded) this.#incoming.stop('ended');
      else this.#lose('the connection is closed');
      this.#drained();
    });
    options.signal?.addEventListener('abort', abort);
    if (options.signal?.aborted === true) abort();
  }

  /** Resolves when all of it is handed to the connection: `body` may not change before the peer has answered. */
  send(kind: number, head: Buffer = NOTHING, body: readonly Buffer[] = []): Promise<void> {
    this.#sending += 1;
    const mine = this.#turn.then(() => this.#write(kind, head, body)).finally(() => { this.#sending -= 1; });
    this.#turn = mine.catch(() => undefined);
    return mine;
  }

  say(message: object): Promise<void> {
    return this.send(FRAME.message, Buffer.from(JSON.stringify(message)));
  }

  /** Tells the peer why this ends, once; whether it hears it is its own affair. */
  async sayFailed(error: unknown): Promise<void> {
    if (this.#saidFailed) return;
    this.#saidFailed = true;
    const code: ErrorCode = error instanceof MigrationError ? error.code : 'Internal';
    await this.send(FRAME.failed, Buffer.from(JSON.stringify({ code, message: messageOf(error).slice(0, 4000) }))).catch(() => undefined);
  }

  /** null: the peer has closed. */
  async receive(): Promise<Frame | null> {
    for (;;) {
      const start = Buffer.allocUnsafe(FRAME_BYTES);
      if (!await this.#fill(start)) return null;
      const parsed = parseFrameStart(start);
      const head = Buffer.allocUnsafe(parsed?.headBytes ?? 0);
      if (parsed !== null) await this.#fill(head);
      if (parsed === null || !isSound(start, head)) throw this.#lose('it brought garbage');
      if (parsed.kind === FRAME.failed) throw this.#told(head);
      if (parsed.kind !== FRAME.alive) return { kind: parsed.kind, head, bodyBytes: parsed.bodyBytes };
    }
  }

  /** The next bytes of the last frame's body. */
  async readBody(into: Buffer): Promise<void> {
    if (!await this.#fill(into) && into.length > 0) throw this.#lose('the peer closed the connection in the middle of a frame');
  }

  /** The next frame, which has to be a message of this kind. */
  async hear<T>(schema: z.ZodType<T>): Promise<T> {
    const frame = await this.receive();
    if (frame === null) throw this.#lose('the peer closed the connection');
    return this.parse(frame, schema);
  }

  parse<T>(frame: Frame, schema: z.ZodType<T>): T {
    const message = frame.kind === FRAME.message ? schema.safeParse(parseJson(frame.head)) : null;
    if (message?.success !== true) throw this.#lose('it brought something else than expected');
    return message.data;
  }

  /** Sends what is on its way, then closes. Never throws. */
  async close(): Promise<void> {
    await this.#turn;
    clearInterval(this.#pulse);
    if (this.#stream.closed) return;
    await new Promise<void>((resolve) => {
      const grace = setTimeout(() => this.#stream.destroy(), CLOSE_GRACE_MS);
      this.#stream.once('close', () => { clearTimeout(grace); resolve(); });
      this.#stream.once('finish', () => this.#stream.destroy());
      this.#stream.end();
    });
  }

  /** Whoever reads or writes gets this error; the first one counts. */
  destroy(error: MigrationError): MigrationError {
    clearInterval(this.#pulse);
    this.#failure ??= error;
    this.#incoming.stop(this.#failure);
    this.#stream.destroy();
    this.#drained();
    return this.#failure;
  }

  async #write(kind: number, head: Buffer, body: readonly Buffer[]): Promise<void> {
    const { limiter, signal } = this.#options;
    const start = frameStart(kind, head, body.reduce((bytes, part) => bytes + part.length, 0));
    this.#stream.cork();
    await this.#put(start);
    if (head.length > 0) await this.#put(head);
    this.#stream.uncork();
    for (const part of body) {
      for (let at = 0; at < part.length;) {
        const slice = part.subarray(at, Math.min(part.length, at + (limiter?.sliceBytes ?? part.length)));
        await limiter?.take(slice.length, signal).catch((error: unknown) => { throw this.#failure ?? this.#lose(messageOf(error)); });
        await this.#put(slice);
        at += slice.length;
      }
    }
  }

  async #put(bytes: Buffer): Promise<void> {
    this.#throwIfFailed();
    this.#sentAtMs = performance.now();
    if (this.#stream.destroyed) throw this.#lose('the connection is closed');
    if (this.#stream.write(bytes) || this.#stream.writableCorked > 0) return;
    await new Promise<void>((resolve) => { this.#drained = resolve; });
    this.#throwIfFailed();
  }

  #throwIfFailed(): void {
    if (this.#failure !== null) throw this.#failure;
  }

  async #fill(into: Buffer): Promise<boolean> {
    try {
      return await this.#incoming.fill(into);
    } catch (error) {
      throw error instanceof MigrationError ? error : this.#lose(messageOf(error));
    }
  }

  #lose(cause: string): MigrationError {
    return this.destroy(new MigrationError('TransportFailed', `${this.#options.subject} failed: ${cause}`));
  }

  #told(head: Buffer): MigrationError {
    const { code, message } = parseJson(head) as { readonly code?: string; readonly message?: string };
    const known = code !== undefined && code in ERROR_CODES ? code as ErrorCode : 'Internal';
    return this.destroy(new MigrationError(known, message ?? 'copy failed: target: it did not say why'));
  }
}

function parseJson(head: Buffer): unknown {
  try {
    return JSON.parse(head.toString('utf8'));
  } catch {
    return {};
  }
}
