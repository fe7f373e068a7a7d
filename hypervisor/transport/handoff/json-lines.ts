import type { Duplex } from 'node:stream';
import type { z } from 'zod';
import { messageOf } from '../../../domain/errors.js';
import { showsLife } from './sign-of-life.js';

/** Messages of one kind out, messages of another kind in, one JSON object per line. */
export interface JsonLines<Out> {
  /** Hands the message to the stream in this very tick. */
  send(message: Out): void;
  /** Says a last word, if any, and closes; `onClose` is not called. Resolves when the stream is closed. */
  close(lastWord?: Out): Promise<void>;
}

export interface JsonLinesOptions<In> {
  readonly schema: z.ZodType<In>;
  onMessage(message: In): void;
  /** The peer closed, fell silent or sent garbage: called once, the stream is closed. `lives`: its host answered with that. */
  onClose(cause: string, lives: boolean): void;
}

/** The peer speaks at least this often, or it is lost. */
export const SILENCE_MS = 2500;
const MAX_LINE_CHARACTERS = 64 * 1024;
/** For the last word to leave. */
const CLOSE_GRACE_MS = 500;

export function openJsonLines<In, Out>(stream: Duplex, { schema, onMessage, onClose }: JsonLinesOptions<In>): JsonLines<Out> {
  let over = false;
  let rest = '';
  const silence = setTimeout(() => lose(`nothing heard for ${SILENCE_MS} ms`), SILENCE_MS);
  const gone = new Promise<void>((resolve) => { stream.once('close', resolve); });
  const finish = (): boolean => {
    const wasOpen = !over;
    over = true;
    clearTimeout(silence);
    return wasOpen;
  };
  const lose = (cause: string, lives = false): void => {
    if (!finish()) return;
    stream.destroy();
    onClose(cause, lives);
  };

  const onData = (text: string): void => {
    silence.refresh();
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      if (over) return;
      const message = schema.safeParse(parse(line));
      if (!message.success) return lose('the peer sent garbage');
      onMessage(message.data);
    }
    if (rest.length > MAX_LINE_CHARACTERS) lose('the peer sent garbage');
  };

  stream.setEncoding('utf8');
  stream.on('data', (text: string) => { if (!over) onData(text); });
  stream.once('end', () => lose('the peer closed the connection', true));
  stream.once('close', () => lose('the connection is closed'));
  stream.on('error', (error) => lose(messageOf(error), showsLife(error)));

  return {
    send(message) {
      if (!over) stream.write(`${JSON.stringify(message)}\n`);
    },
    async close(lastWord) {
      if (finish()) {
        stream.end(lastWord === undefined ? undefined : `${JSON.stringify(lastWord)}\n`);
        const grace = setTimeout(() => stream.destroy(), CLOSE_GRACE_MS);
        stream.once('finish', () => stream.destroy());
        stream.once('close', () => clearTimeout(grace));
      }
      if (!stream.closed) await gone;
    },
  };
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
