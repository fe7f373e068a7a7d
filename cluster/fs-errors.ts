import { MigrationError, messageOf } from '../domain/errors.js';

/** The `errno` name of a failed system call; null: not one. */
export function errnoOf(error: unknown): string | null {
  const code: unknown = typeof error === 'object' && error !== null && 'code' in error ? error.code : null;
  return typeof code === 'string' ? code : null;
}

/**
 * Runs an access to the cluster file system. What a lost quorum, a full or a dead file system answers becomes
 * `ClusterReadOnly`, with `what` ("decide failed: VM 101") in front; anything else passes.
 */
export async function onClusterFiles<T>(what: string, access: () => Promise<T>): Promise<T> {
  try {
    return await access();
  } catch (error) {
    const errno = errnoOf(error);
    const state = errno === null ? undefined : STATES[errno];
    if (state === undefined) throw error;
    throw new MigrationError('ClusterReadOnly', `${what}: the cluster file system ${state} (${messageOf(error)})`, { errno }, error);
  }
}

/** pmxcfs answers EACCES to every change while the node has no quorum. */
const READ_ONLY = 'is read-only: no quorum?';
const FULL = 'is full';
const DEAD = 'does not answer';
const STATES: Readonly<Record<string, string>> = {
  EROFS: READ_ONLY, EACCES: READ_ONLY, EPERM: READ_ONLY, ENOSPC: FULL, EDQUOT: FULL, ENOTCONN: DEAD, EIO: DEAD, ESTALE: DEAD, ETIMEDOUT: DEAD,
};

export async function absentIsNull<T>(access: Promise<T>): Promise<T | null> {
  try {
    return await access;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null;
    throw error;
  }
}
