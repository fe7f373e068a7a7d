import type { Duplex } from 'node:stream';

/** A few words by name, on one line of JSON: what is said before a connection is used for something else. */
export type Words = Readonly<Partial<Record<string, string>>>;

const MAX_LINE_BYTES = 4096;

export const say = (stream: Duplex, words: Words): void => void stream.write(`${JSON.stringify(words)}\n`);

/** The next line; what comes after it stays in the stream. One that is no flat JSON object has no words. Rejects at the end of the stream. */
export function hear(stream: Duplex): Promise<Words> {
  return new Promise((resolve, reject) => {
    let seen = Buffer.alloc(0);
    const stop = (): void => { stream.off('readable', onReadable).off('error', onEnd).off('end', onEnd).off('close', onEnd); };
    const onEnd = (error?: unknown): void => {
      stop();
      reject(error instanceof Error ? error : new Error('the peer closed the connection'));
    };
    const onReadable = (): void => {
      for (let chunk = stream.read() as Buffer | null; chunk !== null; chunk = stream.read() as Buffer | null) {
        seen = Buffer.concat([seen, chunk]);
        const end = seen.indexOf(10);
        if (end === -1 && seen.length <= MAX_LINE_BYTES) continue;
        stop();
        if (end === -1) return reject(new Error('the line is too long'));
        if (end + 1 < seen.length) stream.unshift(seen.subarray(end + 1));
        return resolve(parse(seen.subarray(0, end).toString('utf8')));
      }
    };
    stream.on('readable', onReadable).once('error', onEnd).once('end', onEnd).once('close', onEnd);
    onReadable();
  });
}

function parse(line: string): Words {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value !== 'object' || value === null) return {};
    return Object.fromEntries(Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
  } catch {
    return {};
  }
}
