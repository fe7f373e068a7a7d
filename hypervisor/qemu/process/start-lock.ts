import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { MigrationError } from '../../../domain/errors.js';
import type { Vmid } from '../../../domain/ids.js';
import type { RunPaths } from '../../paths.js';

/**
 * Runs `start` while nobody else on this node starts the same guest, neither in this process nor in another one. The
 * lock is an abstract unix socket: the kernel drops it with the process that held it. Throws `TargetStartFailed` when taken.
 */
export async function withStartLock<T>(vmid: Vmid, paths: RunPaths, start: () => Promise<T>): Promise<T> {
  const server = createServer((socket) => socket.destroy());
  const name = createHash('sha256').update(paths.qemuRunDir).digest('hex').slice(0, 16);
  server.listen({ path: `\0ferry-start-${name}-${vmid}` });
  await once(server, 'listening').catch((error: unknown) => {
    throw new MigrationError('TargetStartFailed', `start VM ${vmid} failed: it is just being started by someone else`, { vmid }, error);
  });
  try {
    return await start();
  } finally {
    server.close();
    await once(server, 'close');
  }
}
