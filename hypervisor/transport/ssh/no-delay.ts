import { existsSync } from 'node:fs';
import { run } from '../../exec.js';
import { waitUntil } from '../../wait.js';
import { sessionArguments } from './ssh-arguments.js';

/**
 * Runs `true` once over a tunnel's connection. An sshd before OpenSSH 10.1 turns Nagle's algorithm off only for a connection on which
 * a session is opened (session.c, do_exec_no_pty), and a tunnel has none: every second small answer (NBD's, QEMU's return path)
 * then waits 40 ms for the other side's delayed ACK, also while the guest stands still. Never rejects: without it the tunnel
 * is only slower.
 */
export async function turnOffDelay(controlPath: string): Promise<void> {
  try {
    // ssh makes it a moment after its forwards listen.
    await waitUntil(() => Promise.resolve(existsSync(controlPath)), { intervalMs: 5, signal: AbortSignal.timeout(SOCKET_TIMEOUT_MS) });
    await run('ssh', sessionArguments(controlPath, 'true'), { timeoutMs: SESSION_TIMEOUT_MS });
  } catch {
    // It has ended already, or has no such socket.
  }
}

const SOCKET_TIMEOUT_MS = 1000;
const SESSION_TIMEOUT_MS = 5000;
