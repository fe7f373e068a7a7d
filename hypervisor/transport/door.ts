import type { Duplex } from 'node:stream';
import { MigrationError } from '../../domain/errors.js';
import { newNonce, proofOf, proves } from './handoff/secret.js';

/**
 * Before anything else passes over a connection in clear, both sides prove that they know the migration's secret:
 * source → its nonce; target → its nonce and proof; source → its proof; target → `ok`. One line of JSON each.
 */
const DOOR_TIMEOUT_MS = 5000;
const MAX_LINE_BYTES = 1024;

/** The source's side. Returns the same stream, ready. Throws `TransportFailed`, the stream destroyed. */
export const proveAtDoor = (stream: Duplex, secret: string): Promise<Duplex> => guarded(stream, async () => {
  const source = newNonce();
  say(stream, { nonce: source });
  const { nonce: target = '', mac = '' } = await hear(stream);
  if (!isHex(target) || !isHex(mac) || !proves(mac, secret, 'target', { source, target })) throw new Error('the peer does not know the secret of this migration');
  say(stream, { mac: proofOf(secret, 'source', { source, target }) });
  if ((await hear(stream)).ok !== 'yes') throw new Error('the peer did not let us in');
});

/** The target's side. */
export const checkAtDoor = (stream: Duplex, secret: string): Promise<Duplex> => guarded(stream, async () => {
  const { nonce: source = '' } = await hear(stream);
  if (!isHex(source)) throw new Error('no nonce came');
  const target = newNonce();
  say(stream, { nonce: target, mac: proofOf(secret, 'target', { source, target }) });
  const { mac = '' } = await hear(stream);
  if (!isHex(mac) || !proves(mac, secret, 'source', { source, target })) throw new Error('the secret is not the one of this migration');
  say(stream, { ok: 'yes' });
});

async function guarded(stream: Duplex, talk: () => Promise<void>): Promise<Duplex> {
  const timer = setTimeout(() => stream.destroy(new Error(`nothing within ${DOOR_TIMEOUT_MS} ms`)), DOOR_TIMEOUT_MS);
  try {
    await talk();
    return stream;
  } catch (error) {
    stream.on('error', () => undefined).destroy();
    throw new MigrationError('TransportFailed', `open connection failed: ${error instanceof Error ? error.message : String(error)}`, {}, error);
  } finally {
    clearTimeout(timer);
  }
}

const isHex = (text: string): boolean => /^[0-9a-f]{64}$/.test(text);
const say = (stream: Duplex, line: Readonly<Record<string, string>>): void => void stream.write(`${JSON.stringify(line)}\n`);

/** One line; what comes after it stays in the stream. */
function hear(stream: Duplex): Promise<Partial<Record<'nonce' | 'mac' | 'ok', string>>> {
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

function parse(line: string): Partial<Record<'nonce' | 'mac' | 'ok', string>> {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value !== 'object' || value === null) return {};
    return Object.fromEntries(Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
  } catch {
    return {};
  }
}
