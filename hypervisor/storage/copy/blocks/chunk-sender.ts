import { MigrationError, messageOf } from '../../../../domain/errors.js';
import { Channel, type ChannelOptions } from '../wire/channel.js';
import { FRAME } from '../wire/frame.js';
import { encodeChunkHead, parseAnswer, type ChunkHead } from './chunk-head.js';
import type { Duplex } from 'node:stream';

/** The source's end of one connection that takes chunks to the target. */
export class ChunkSender {
  readonly #channel: Channel;
  readonly #waiting = new Map<number, { resolve(written: boolean): void; reject(error: unknown): void }>();
  #failure: MigrationError | null = null;

  constructor(stream: Duplex, options: ChannelOptions, session: string) {
    this.#channel = new Channel(stream, options);
    this.#channel.say({ kind: 'blocks-data', session }).catch(() => undefined);
    this.#listen(options.subject).catch((error: unknown) => this.#fail(error));
  }

  /** Whether the target has written it; false: it did not arrive as it left. `chunk` may not change until then. */
  async send(head: ChunkHead, chunk: Buffer): Promise<boolean> {
    if (this.#failure !== null) throw this.#failure;
    const answer = new Promise<boolean>((resolve, reject) => { this.#waiting.set(head.index, { resolve, reject }); });
    answer.catch(() => undefined);
    await this.#channel.send(FRAME.chunk, encodeChunkHead(head), head.runs.map(({ start, end }) => chunk.subarray(start, end)));
    return answer;
  }

  close(): Promise<void> {
    return this.#channel.close();
  }

  destroy(): void {
    this.#channel.destroy(new MigrationError('TransportFailed', 'copy volume failed: this pass has ended'));
  }

  async #listen(subject: string): Promise<void> {
    for (;;) {
      const frame = await this.#channel.receive();
      const answer = frame?.kind === FRAME.answer ? parseAnswer(frame.head) : null;
      const waiting = answer === null ? undefined : this.#waiting.get(answer.index);
      if (answer === null || waiting === undefined) throw new MigrationError('TransportFailed', `${subject} failed: ${frame === null ? 'the peer closed the connection' : 'it brought something else than expected'}`);
      this.#waiting.delete(answer.index);
      waiting.resolve(answer.written);
    }
  }

  #fail(error: unknown): void {
    this.#failure = this.#channel.destroy(error instanceof MigrationError ? error : new MigrationError('Internal', `copy volume failed: source: ${messageOf(error)}`, {}, error));
    for (const { reject } of this.#waiting.values()) reject(this.#failure);
    this.#waiting.clear();
  }
}
