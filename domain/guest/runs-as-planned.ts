import type { GuestRunState } from '../contracts/facts.js';

/** The guest lives on its new node as it lived on its old one: it runs, or it stands still because it did so before. */
export const runsAsPlanned = (state: GuestRunState, { keepPaused }: { readonly keepPaused: boolean }): boolean =>
  keepPaused ? state === 'paused' || state === 'prelaunch' : state === 'running';
