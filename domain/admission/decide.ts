import type { Pool } from '../contracts/slots.js';
import type { Epoch } from '../ids.js';
import { limitOf, type Ledger, type LedgerEntry } from './ledger.js';
import { dueMs } from './priority.js';
import { POOL_WORDS, someOf } from './words.js';

/** What became of one entry, and why. `position`: 0 for who holds, from 1 for who waits. */
export interface SlotVerdict {
  readonly epoch: Epoch;
  readonly granted: boolean;
  readonly position: number;
  readonly reason: string;
}

/**
 * Gives every free slot to whoever is due first. Who has to wait keeps its pools for itself against everyone behind it, also those
 * that are free: else a small request after the other would pass a big one for ever. Only who waits for a pool that was closed
 * (limit 0) stands in nobody's way. Verdicts: holders first, then who waits, in the order of service.
 */
export function decide(ledger: Ledger, nowMs: number): { readonly ledger: Ledger; readonly verdicts: readonly SlotVerdict[] } {
  const holders = ledger.entries.filter(({ grantedAtMs }) => grantedAtMs !== null);
  const verdicts: SlotVerdict[] = [];
  const waiters: LedgerEntry[] = [];
  const promised = new Map<Pool, LedgerEntry>();
  for (const entry of ledger.entries.filter(({ grantedAtMs }) => grantedAtMs === null).sort(inOrder)) {
    const obstacle = obstacleOf(ledger, holders, promised, entry);
    if (obstacle === null) {
      holders.push({ ...entry, grantedAtMs: nowMs });
      continue;
    }
    waiters.push(entry);
    verdicts.push({ epoch: entry.epoch, granted: false, position: waiters.length, reason: obstacle.reason });
    if (!obstacle.closed) for (const pool of entry.pools) if (!promised.has(pool)) promised.set(pool, entry);
  }
  const granted = holders.map((entry): SlotVerdict => ({ epoch: entry.epoch, granted: true, position: 0, reason: useOf(ledger, holders, entry) }));
  return { ledger: { ...ledger, entries: [...holders, ...waiters] }, verdicts: [...granted, ...verdicts] };
}

export const usedOf = (entries: readonly LedgerEntry[], pool: Pool): number => holdersOf(entries, pool).length;

interface Obstacle {
  readonly reason: string;
  readonly closed: boolean;
}

function obstacleOf(ledger: Ledger, holders: readonly LedgerEntry[], promised: ReadonlyMap<Pool, LedgerEntry>, { pools }: LedgerEntry): Obstacle | null {
  const closed = pools.find((pool) => limitOf(ledger, pool) === 0);
  if (closed !== undefined) return { reason: `${POOL_WORDS[closed]} are closed (limit 0)`, closed: true };
  for (const pool of pools) {
    const limit = limitOf(ledger, pool);
    const taken = holdersOf(holders, pool);
    if (limit !== null && taken.length >= limit) {
      return { reason: `${taken.length} of ${limit} ${POOL_WORDS[pool]} ${taken.length === 1 ? 'is' : 'are'} taken, by ${someOf(taken.map(({ vmid }) => `guest ${vmid}`))}`, closed: false };
    }
  }
  const before = pools.flatMap((pool) => promised.get(pool) ?? [])[0];
  return before === undefined ? null : { reason: `guest ${before.vmid} is due before it`, closed: false };
}

function useOf(ledger: Ledger, holders: readonly LedgerEntry[], { pools }: LedgerEntry): string {
  const parts = pools.map((pool) => {
    const limit = limitOf(ledger, pool);
    return `${usedOf(holders, pool)}${limit === null ? '' : ` of ${limit}`} ${POOL_WORDS[pool]}`;
  });
  return parts.join(', ');
}

const holdersOf = (entries: readonly LedgerEntry[], pool: Pool): LedgerEntry[] => entries.filter((entry) => entry.grantedAtMs !== null && entry.pools.includes(pool));

/** Of two that are due at once, the one with the smaller guest number, then epoch: the order must not depend on who was heard first. */
function inOrder(a: LedgerEntry, b: LedgerEntry): number {
  return dueMs(a) - dueMs(b) || a.vmid - b.vmid || (a.epoch < b.epoch ? -1 : 1);
}
