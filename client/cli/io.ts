import { hostname, userInfo } from 'node:os';

export type OutStream = NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number };

/** Everything a command touches besides Temporal, so that it can be run with other streams. */
export interface Io {
  readonly stdout: OutStream;
  readonly stderr: OutStream;
  readonly env: NodeJS.ProcessEnv;
  /** Who asks: `user@host`. */
  readonly caller: string;
  /** Calls the handler on Ctrl-C or a polite kill; returns how to stop listening. */
  onInterrupt(handler: () => void): () => void;
}

export function processIo(): Io {
  return {
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    caller: `${callerName(process.env)}@${hostname()}`,
    onInterrupt: (handler) => {
      process.once('SIGINT', handler).once('SIGTERM', handler);
      return () => process.off('SIGINT', handler).off('SIGTERM', handler);
    },
  };
}

/** The person behind `sudo`, where there is one. */
function callerName(env: NodeJS.ProcessEnv): string {
  const sudoUser = env['SUDO_USER'];
  if (sudoUser !== undefined && sudoUser !== '') return sudoUser;
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? 'unknown');
  }
}
