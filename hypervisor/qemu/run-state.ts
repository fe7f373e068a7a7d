import type { GuestRunState } from '../../domain/contracts/facts.js';

/** QEMU's RunState (qapi/run-state.json) in the words a migration needs. */
export function toGuestRunState(status: string): GuestRunState {
  switch (status) {
    case 'running':
    case 'paused':
    case 'inmigrate':
    case 'postmigrate':
    case 'prelaunch':
      return status;
    case 'shutdown':
      return 'stopped';
    default:
      return 'other';
  }
}
