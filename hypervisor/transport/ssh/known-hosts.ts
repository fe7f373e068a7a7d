import { createHash, createHmac } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { MigrationError, messageOf } from '../../../domain/errors.js';
import type { SshTarget } from './ssh-target.js';

/** One usable line of an OpenSSH known_hosts file (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT"). */
export interface KnownHost {
  readonly revoked: boolean;
  /** Comma-separated patterns, or one hashed name. */
  readonly names: string;
  readonly keyType: string;
  readonly key: Buffer;
}

export type HostKeyVerdict = 'known' | 'unknown' | 'changed' | 'revoked';

/** Throws `TransportFailed` when the file can't be read. */
export async function readKnownHosts(file: string): Promise<readonly KnownHost[]> {
  try {
    return parseKnownHosts(await readFile(file, 'utf8'));
  } catch (error) {
    throw new MigrationError('TransportFailed', `read known hosts failed: ${file}: ${messageOf(error)}`, { file }, error);
  }
}

/** Comments, `@cert-authority` lines and lines OpenSSH would skip too are left out. */
export const parseKnownHosts = (text: string): readonly KnownHost[] => text.split('\n').flatMap((line) => {
  const fields = line.trim().split(/\s+/);
  const marker = fields[0]?.startsWith('@') ? fields.shift() : undefined;
  const [names, keyType, key] = fields;
  if (names === undefined || names === '' || names.startsWith('#') || keyType === undefined || key === undefined || marker === '@cert-authority') return [];
  return [{ revoked: marker === '@revoked', names, keyType, key: Buffer.from(key, 'base64') }];
});

/**
 * The name to look a target up by, as OpenSSH's HostKeyAlias would: the node's name, else its address; of several
 * known ones the first. A target known by no name gets its node name.
 */
export function knownName(hosts: readonly KnownHost[], { hostName, host, port }: Pick<SshTarget, 'hostName' | 'host' | 'port'>): string {
  const candidates = [hostName, `[${hostName}]:${port}`, port === 22 ? host : `[${host}]:${port}`];
  return candidates.find((name) => hosts.some((known) => !known.revoked && matches(known, name))) ?? hostName;
}

export function judgeHostKey(hosts: readonly KnownHost[], name: string, key: Buffer): HostKeyVerdict {
  const entries = hosts.filter((known) => matches(known, name));
  if (entries.some((known) => known.revoked && known.key.equals(key))) return 'revoked';
  if (entries.some((known) => !known.revoked && known.key.equals(key))) return 'known';
  return entries.some((known) => !known.revoked) ? 'changed' : 'unknown';
}

/** Key types known for this name, in the file's order. */
export const knownKeyTypes = (hosts: readonly KnownHost[], name: string): readonly string[] =>
  [...new Set(hosts.filter((known) => !known.revoked && matches(known, name)).map(({ keyType }) => keyType))];

/** As `ssh-keygen -l` prints it. */
export const fingerprint = (key: Buffer): string => `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;

function matches({ names }: KnownHost, wanted: string): boolean {
  const name = wanted.toLowerCase();
  const hashed = /^\|1\|([^|]+)\|([^|]+)$/.exec(names);
  if (hashed?.[1] !== undefined && hashed[2] !== undefined) {
    return createHmac('sha1', Buffer.from(hashed[1], 'base64')).update(name).digest('base64') === hashed[2];
  }
  const patterns = names.toLowerCase().split(',');
  if (patterns.some((pattern) => pattern.startsWith('!') && glob(pattern.slice(1)).test(name))) return false;
  return patterns.some((pattern) => glob(pattern).test(name));
}

const glob = (pattern: string): RegExp =>
  new RegExp(`^${pattern.replace(/[\\^$.|+()[\]{}]/g, '\\$&').replaceAll('*', '.*').replaceAll('?', '.')}$`);
