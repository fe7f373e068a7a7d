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

/** Arguments of an `ssh` that does nothing but forward; it asks nothing and reads no one's own configuration. */
export function tunnelArguments(target: SshTarget, hostKeyAlias: string, forwards: readonly Forward[]): readonly string[] {
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
    ControlMaster: 'no',
    ControlPath: 'none',
  };
  return [
    '-F', 'none', '-N', '-T', '-i', target.identityFile, '-p', String(target.port), '-l', target.user,
    ...Object.entries(options).flatMap(([name, value]) => ['-o', `${name}=${value}`]),
    '-c', CIPHERS.join(','),
    ...forwards.flatMap((forward) => ['-L', forwardSpec(forward)]),
    '--', target.host,
  ];
}

/** Room in `sockaddr_un.sun_path` without its final zero (unix(7)). */
const MAX_SOCKET_PATH_BYTES = 107;

/** `:` separates, `%` and `$` are expanded by ssh. */
function checked(path: string): string {
  if (/^\/[\w./@+-]+$/.test(path) && path.length <= MAX_SOCKET_PATH_BYTES) return path;
  throw new MigrationError('InvalidInput', `forward socket failed: ${path}: not an absolute path of at most ${MAX_SOCKET_PATH_BYTES} plain characters`, { path });
}
