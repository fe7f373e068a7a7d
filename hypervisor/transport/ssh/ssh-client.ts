import { readFile } from 'node:fs/promises';
import type { Duplex } from 'node:stream';
import ssh2 from 'ssh2';
import type { Algorithms, Client } from 'ssh2';
import { MigrationError, messageOf } from '../../../domain/errors.js';
import { fingerprint, judgeHostKey, knownKeyTypes, knownName, readKnownHosts, type HostKeyVerdict } from './known-hosts.js';
import { CIPHERS, KEX_ALGORITHMS, describeTarget, type SshTarget } from './ssh-target.js';

/** One ssh connection for control traffic; bulk bytes go through `ssh-tunnel.ts`. */
export interface SshConnection {
  readonly closed: boolean;
  /** A stream to a unix socket on the other node. Throws `TransportFailed`. */
  forwardToUnix(path: string): Promise<Duplex>;
  /** Called once, when the connection is gone (at once, when it already is); returns its unsubscribe. */
  onClose(fn: (cause: MigrationError) => void): () => void;
  close(): void;
}

const KEEPALIVE_INTERVAL_MS = 1000;
const KEEPALIVE_MISSES = 3;

/**
 * Connects and logs in with a key. The host key has to be in `knownHostsFile`. A silent peer is noticed within 4 s.
 * Throws `TransportFailed`; for a refused host key it names the file and the key's fingerprint.
 */
export async function connectSsh(target: SshTarget): Promise<SshConnection> {
  const [hosts, privateKey] = await Promise.all([readKnownHosts(target.knownHostsFile), readIdentity(target)]);
  const name = knownName(hosts, target);
  const client = new ssh2.Client();
  let refusal: MigrationError | null = null;
  await new Promise<void>((resolve, reject) => {
    client.once('ready', resolve);
    client.once('error', (error) => reject(refusal ?? failed(target, loginRefused(error) ? `Can't connect to destination address using public key: ${messageOf(error)}` : messageOf(error), error)));
    client.once('close', () => reject(failed(target, 'the peer closed the connection')));
    try {
      client.connect({
        host: target.host,
        port: target.port,
        username: target.user,
        privateKey,
        readyTimeout: target.timeoutMs,
        keepaliveInterval: KEEPALIVE_INTERVAL_MS,
        keepaliveCountMax: KEEPALIVE_MISSES,
        algorithms: { cipher: [...CIPHERS], kex: [...KEX_ALGORITHMS], serverHostKey: hostKeyOrder(knownKeyTypes(hosts, name)) },
        hostVerifier: (key: Buffer) => {
          const verdict = judgeHostKey(hosts, name, key);
          if (verdict !== 'known') refusal = refuseKey(target, name, verdict, key);
          return verdict === 'known';
        },
      });
    } catch (error) {
      reject(failed(target, messageOf(error), error));
    }
  }).catch((error: unknown) => {
    client.on('error', () => undefined);
    client.destroy();
    throw error;
  });
  // Without this every small message waits for the delayed ACK of the one before: 48 ms instead of 4.
  client.setNoDelay(true);
  return connectionOf(client, target);
}

function connectionOf(client: Client, target: SshTarget): SshConnection {
  let closed: MigrationError | null = null;
  let lastError: unknown = null;
  const listeners = new Set<(cause: MigrationError) => void>();
  client.on('error', (error) => { lastError = error; });
  client.once('close', () => {
    closed = new MigrationError('TransportFailed', `ssh connection ended: ${describeTarget(target)}: ${lastError === null ? 'closed' : messageOf(lastError)}`);
    for (const listener of listeners) listener(closed);
    listeners.clear();
  });
  return {
    get closed() { return closed !== null; },
    forwardToUnix: (path) => new Promise((resolve, reject) => {
      const fail = (error: unknown): void => reject(new MigrationError('TransportFailed', `open channel failed: ${path} on ${describeTarget(target)}: ${messageOf(error)}`, { path }, error));
      try {
        client.openssh_forwardOutStreamLocal(path, (error, channel) => (error === undefined ? resolve(channel) : fail(error)));
      } catch (error) {
        fail(error);
      }
    }),
    onClose(fn) {
      if (closed === null) listeners.add(fn);
      else fn(closed);
      return () => listeners.delete(fn);
    },
    close: () => { client.end(); client.destroy(); },
  };
}

const loginRefused = (error: unknown): boolean => (error as { readonly level?: unknown }).level === 'client-authentication';

/** ssh2's host key algorithms, those of a known key first: a node with several keys then shows the one we know. */
function hostKeyOrder(knownTypes: readonly string[]): NonNullable<Algorithms['serverHostKey']> {
  const ours = ['ssh-ed25519', 'ecdsa-sha2-nistp256', 'ecdsa-sha2-nistp384', 'ecdsa-sha2-nistp521', 'rsa-sha2-512', 'rsa-sha2-256'] as const;
  const isKnown = (algorithm: string): boolean => knownTypes.includes(algorithm.startsWith('rsa-') ? 'ssh-rsa' : algorithm);
  return [...ours.filter(isKnown), ...ours.filter((algorithm) => !isKnown(algorithm))];
}

function refuseKey(target: SshTarget, name: string, verdict: HostKeyVerdict, key: Buffer): MigrationError {
  const sentence = { unknown: 'is not known', changed: 'is not the one known', revoked: 'is revoked', known: 'is known' }[verdict];
  return failed(target, `host key ${fingerprint(key)} ${sentence} for ${name} in ${target.knownHostsFile}`, undefined,
    { file: target.knownHostsFile, fingerprint: fingerprint(key), verdict });
}

async function readIdentity(target: SshTarget): Promise<Buffer> {
  try {
    return await readFile(target.identityFile);
  } catch (error) {
    throw failed(target, `identity ${messageOf(error)}`, error);
  }
}

const failed = (target: SshTarget, cause: string, error?: unknown, facts: Readonly<Record<string, unknown>> = {}): MigrationError =>
  new MigrationError('TransportFailed', `connect ssh failed: ${describeTarget(target)}: ${cause}`, { host: target.host, ...facts }, error);
