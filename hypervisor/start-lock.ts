import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { MigrationError } from '../domain/errors.js';
import type { Vmid } from '../domain/ids.js';

export interface StartLockOf {
  readonly kind: 'VM' | 'CT';
  readonly vmid: Vmid;
  /** The run directory of such guests: nodes that share a network namespace (tests do) are told apart by it. */
  readonly runDir: string;
}

/**
 * Runs `start` while nobody else on this node starts the same guest, neither in this process nor in another one. The
 * lock is an abstract unix socket: the kernel drops it with the process that held it. It says nothing about other nodes:
 * there only the place of the guest's config counts. Throws `TargetStartFailed` when taken.
 */
export async function withStartLock<T>({ kind, vmid, runDir }: StartLockOf, start: () => Promise<T>): Promise<T> {
  const server = createServer((socket) => socket.destroy());
  const name = createHash('sha256').update(runDir).digest('hex').slice(0, 16);
  server.listen({ path: `\0ferry-start-${name}-${vmid}` });
  await once(server, 'listening').catch((error: unknown) => {
    throw new MigrationError('TargetStartFailed', `start ${kind} ${vmid} failed: it is just being started by someone else`, { vmid }, error);
  });
  try {
    return await start();
  } finally {
    server.close();
    await once(server, 'close');
  }
}
