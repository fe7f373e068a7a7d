import type { Duplex } from 'node:stream';
import { MigrationError } from '../../domain/errors.js';
import { newNonce, proofOf, proves } from './handoff/secret.js';
import { hear, say } from './lines.js';

/**
 * Before anything else passes over a connection in clear, both sides prove that they know the migration's secret:
 * source → its nonce; target → its nonce and proof; source → its proof; target → `ok`. One line of JSON each.
 */
const DOOR_TIMEOUT_MS = 5000;

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
