import { randomBytes } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { MigrationError, messageOf } from '../../../../domain/errors.js';
import { startPiped, type PipedChild } from '../wire/child.js';

/** An image of this node, written through NBD until it is closed. */
export interface NbdExport {
  readonly token: string;
  connect(): Promise<Socket>;
  /** All that was written is in the file. Throws `StorageUnavailable` when that is not sure. */
  finish(): Promise<void>;
  /** Ends it, whatever was written. */
  kill(): Promise<void>;
}

const READY_WITHIN_MS = 10_000;
const POLL_MS = 10;
const CONNECTIONS = 4;

/** The process dies with this one (`setpriv --pdeathsig`): nobody else would end it. Throws `StorageUnavailable`. */
export async function exportImage(path: string, format: 'raw' | 'qcow2', runDir: string, qemuNbd: string): Promise<NbdExport> {
  await mkdir(runDir, { recursive: true, mode: 0o700 });
  const token = randomBytes(16).toString('hex');
  const socketPath = join(runDir, `nbd-${token.slice(0, 8)}.sock`);
  const child = startPiped('setpriv', ['--pdeathsig', 'KILL', '--', qemuNbd, '-f', format, '-k', socketPath, '-t', '-e', String(CONNECTIONS), '--discard=unmap', '--', path]);
  const kill = async (): Promise<void> => {
    await child.kill();
    await rm(socketPath, { force: true });
  };
  try {
    await ready(child, socketPath, path);
  } catch (error) {
    await kill();
    throw error;
  }
  return {
    token,
    kill,
    connect: () => connectTo(socketPath),
    async finish() {
      child.terminate();
      const exitCode = await child.ended;
      await rm(socketPath, { force: true });
      if (exitCode !== 0) throw unexported(path, child, exitCode);
    },
  };
}

async function ready(child: PipedChild, socketPath: string, path: string): Promise<void> {
  const early = child.ended.then((exitCode) => { throw unexported(path, child, exitCode); });
  early.catch(() => undefined);
  const deadlineMs = performance.now() + READY_WITHIN_MS;
  for (;;) {
    const socket = await Promise.race([connectTo(socketPath).catch(() => null), early]);
    socket?.destroy();
    if (socket !== null) return;
    if (performance.now() > deadlineMs) throw new MigrationError('StorageUnavailable', `export image failed: ${path}: qemu-nbd did not listen within ${READY_WITHIN_MS} ms`, { path });
    await Promise.race([sleep(POLL_MS), early]);
  }
}

async function connectTo(path: string): Promise<Socket> {
  const socket = connect({ path, allowHalfOpen: true });
  await once(socket, 'connect').catch((error: unknown) => {
    socket.destroy();
    throw new MigrationError('StorageUnavailable', `connect failed: ${path}: ${messageOf(error)}`, { path }, error);
  });
  socket.on('error', () => undefined);
  return socket;
}

const unexported = (path: string, child: PipedChild, exitCode: number | null): MigrationError =>
  new MigrationError('StorageUnavailable', `export image failed: ${path}: qemu-nbd: ${child.stderr() || `exit ${exitCode ?? 'by signal'}`}`, { path, exitCode });
