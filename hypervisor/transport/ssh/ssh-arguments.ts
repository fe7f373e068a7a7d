import { MigrationError } from '../../../domain/errors.js';
import { CIPHERS, KEX_ALGORITHMS, type SshTarget } from './ssh-target.js';

/** A local unix socket whose connections end at a unix socket of the other node. */
export interface Forward {
  readonly localPath: string;
  readonly remotePath: string;
}

/** The words after `-L`. Throws `InvalidInput` for a path ssh would read differently. */
export function forwardSpec({ localPath, remotePath }: Forward): string {
  return `${checked(localPath)}:${checked(remotePath)}`;
}

/**
 * Arguments of an `ssh` that does nothing but forward; it asks nothing and reads no one's own configuration. `controlPath`: where it
 * takes a session beside its forwards (`no-delay.ts`); null: nowhere.
 */
export function tunnelArguments(target: SshTarget, hostKeyAlias: string, forwards: readonly Forward[], controlPath: string | null): readonly string[] {
  const options = {
    BatchMode: 'yes',
    IdentitiesOnly: 'yes',
    StrictHostKeyChecking: 'yes',
    UserKnownHostsFile: target.knownHostsFile,
    GlobalKnownHostsFile: 'none',
    HostKeyAlias: hostKeyAlias,
    ConnectTimeout: '5',
    ServerAliveInterval: '2',
    ServerAliveCountMax: '3',
    ExitOnForwardFailure: 'yes',
    StreamLocalBindUnlink: 'yes',
    StreamLocalBindMask: '0177',
    KexAlgorithms: KEX_ALGORITHMS.join(','),
    ControlMaster: controlPath === null ? 'no' : 'yes',
    ControlPath: controlPath ?? 'none',
    // What an ssh without others beside it marks its packets as.
    IPQoS: 'af21',
  };
  return [
    '-F', 'none', '-N', '-T', '-i', target.identityFile, '-p', String(target.port), '-l', target.user,
    ...Object.entries(options).flatMap(([name, value]) => ['-o', `${name}=${value}`]),
    '-c', CIPHERS.join(','),
    ...forwards.flatMap((forward) => ['-L', forwardSpec(forward)]),
    '--', target.host,
  ];
}

/** Arguments of an `ssh` that runs one command over the connection behind `controlPath`, or fails: it never makes one of its own. */
export const sessionArguments = (controlPath: string, command: string): readonly string[] =>
  ['-F', 'none', '-T', '-S', controlPath, '-o', 'BatchMode=yes', '-o', 'ProxyCommand=false', '--', 'tunnel', command];

/** ssh makes the socket under a name that is longer by a dot and 16 characters, and moves it. */
export const fitsControlPath = (path: string): boolean => /^\/[\w./@+-]+$/.test(path) && path.length + 17 <= MAX_SOCKET_PATH_BYTES;

/** Room in `sockaddr_un.sun_path` without its final zero (unix(7)). */
const MAX_SOCKET_PATH_BYTES = 107;

/** `:` separates, `%` and `$` are expanded by ssh. */
function checked(path: string): string {
  if (/^\/[\w./@+-]+$/.test(path) && path.length <= MAX_SOCKET_PATH_BYTES) return path;
  throw new MigrationError('InvalidInput', `forward socket failed: ${path}: not an absolute path of at most ${MAX_SOCKET_PATH_BYTES} plain characters`, { path });
}
