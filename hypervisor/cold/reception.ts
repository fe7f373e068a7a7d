import type { Duplex } from 'node:stream';
import { MigrationError, messageOf } from '../../domain/errors.js';
import type { Volid } from '../../domain/ids.js';
import { hear, say } from '../transport/lines.js';

/** What a connection to the target's copy server is for, said before anything else. */
export interface Reception {
  /** The volume is about to be written: it is not whole any more. */
  onTouched(volid: Volid): Promise<void>;
  /** The source has proved it the same on both nodes. */
  onWhole(volid: Volid, digest: string): Promise<void>;
  /** Takes the connection over for copying this volume. */
  copy(stream: Duplex, volid: Volid): Promise<void>;
}

/** The target's side, one connection. Never throws. */
export async function receive(stream: Duplex, reception: Reception): Promise<void> {
  try {
    const { what, volid = '', digest = '' } = await hear(stream);
    if (what === 'whole') {
      await reception.onWhole(volid, digest);
      say(stream, { ok: 'noted' });
      stream.end();
    } else if (what === 'copy') {
      await reception.onTouched(volid);
      say(stream, { ok: 'go' });
      await reception.copy(stream, volid);
    } else throw new Error(`'${what ?? ''}' is not done here`);
  } catch (error) {
    if (!stream.destroyed) say(stream, { refused: messageOf(error) });
    stream.on('error', () => undefined).end();
  }
}

/** The source's side: a connection for copying this volume. Throws `TransportFailed`. */
export async function dialToCopy(dial: () => Promise<Duplex>, volid: Volid): Promise<Duplex> {
  return ask(await dial(), { what: 'copy', volid }, 'go');
}

/** Returns when the target has it on its disk that this volume is whole. Throws `TransportFailed`. */
export async function tellWhole(dial: () => Promise<Duplex>, volid: Volid, digest: string): Promise<void> {
  const stream = await ask(await dial(), { what: 'whole', volid, digest }, 'noted');
  stream.on('error', () => undefined).destroy();
}

async function ask(stream: Duplex, words: Readonly<Record<string, string>>, expected: string): Promise<Duplex> {
  try {
    say(stream, words);
    const { ok, refused } = await hear(stream);
    if (ok === expected) return stream;
    throw new Error(refused ?? `expected '${expected}', got '${ok ?? ''}'`);
  } catch (error) {
    stream.on('error', () => undefined).destroy();
    throw new MigrationError('TransportFailed', `${words['what']} ${words['volid']} failed: ${messageOf(error)}`, {}, error);
  }
}
