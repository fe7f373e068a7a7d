import { connect, type Socket } from 'node:net';
import { MigrationError } from '../../../domain/errors.js';

/** `sun_path` of unix(7), less its closing NUL. */
const MAX_SOCKET_PATH_BYTES = 107;
const RETRY_INTERVAL_MS = 5;
/** A QEMU that is just starting: the socket is not bound yet, or a leftover of the last one. */
const NOT_THERE_YET = new Set(['ENOENT', 'ECONNREFUSED', 'EAGAIN']);

/** Connects to a unix socket, again and again while nobody listens. Throws `QmpError` after `timeoutMs`. */
export async function connectSocket(path: string, timeoutMs: number): Promise<Socket> {
  if (Buffer.byteLength(path) > MAX_SOCKET_PATH_BYTES) {
    throw new MigrationError('QmpError', `connect to QMP failed: ${path}: a socket path may have ${MAX_SOCKET_PATH_BYTES} bytes`, { path });
  }
  const deadlineMs = performance.now() + timeoutMs;
  for (;;) {
    const attempt = await connectOnce(path);
    if ('socket' in attempt) return attempt.socket;
    if (!NOT_THERE_YET.has(attempt.code) || performance.now() >= deadlineMs) {
      throw new MigrationError('QmpError', `connect to QMP failed: ${path}: ${attempt.code}`, { path, code: attempt.code });
    }
    await new Promise((resolve) => setTimeout(resolve, RETRY_INTERVAL_MS));
  }
}

function connectOnce(path: string): Promise<{ readonly socket: Socket } | { readonly code: string }> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    const onError = (error: NodeJS.ErrnoException): void => resolve({ code: error.code ?? error.message });
    socket.once('error', onError);
    socket.once('connect', () => {
      socket.off('error', onError);
      resolve({ socket });
    });
  });
}
