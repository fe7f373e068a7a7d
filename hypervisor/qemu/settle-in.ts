import { setTimeout as sleep } from 'node:timers/promises';
import type { LivePlan } from '../../domain/contracts/plan.js';

/**
 * For the first moments of a guest that was just let run: what it would answer first waits for its CPU, and all that telling of it sets
 * in motion (agents, server, workers, the end of the old copy) would take that from it where CPUs are few. On two of them the guest
 * was seen again 20 ms earlier for it.
 */
export const letItSettleIn = async ({ keepPaused }: Pick<LivePlan, 'keepPaused'>): Promise<void> => {
  if (!keepPaused) await sleep(SETTLE_IN_MS);
};

const SETTLE_IN_MS = 30;
