import type { GuestRunState } from '../contracts/facts.js';

/** What a plan says of the guest's life on its new node. */
type Wanted = { readonly mode: 'live'; readonly keepPaused: boolean } | { readonly mode: 'offline' | 'restart' };

/** The guest is on its new node as it was on its old one: it runs, it stands still because it did so before, or it is stopped. */
export function runsAsPlanned(state: GuestRunState, plan: Wanted): boolean {
  switch (plan.mode) {
    case 'live':
      return plan.keepPaused ? state === 'paused' || state === 'prelaunch' : state === 'running';
    case 'restart':
      return state === 'running';
    case 'offline':
      return state === 'stopped';
  }
}
