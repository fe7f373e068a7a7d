import { POOLS, type LedgerView, type SlotLine } from '../contracts/slots.js';
import type { SlotVerdict } from './decide.js';
import { usedOf } from './decide.js';
import { limitOf, type Ledger, type LedgerEntry } from './ledger.js';

/** `verdicts` of the ledger as it is now: they say who is served in which order, and why not yet. */
export function viewOf(ledger: Ledger, verdicts: readonly SlotVerdict[]): LedgerView {
  const { resource, entries, set } = ledger;
  const pools = POOLS.map((pool) => ({ pool, limit: limitOf(ledger, pool), used: usedOf(entries, pool), setBy: set[pool]?.by ?? null }));
  return {
    resource,
    pools: pools.filter(({ limit, used }) => limit !== null || used > 0),
    holders: entries.flatMap((entry) => (entry.grantedAtMs === null ? [] : [lineOf(entry, entry.grantedAtMs)])),
    waiters: verdicts.filter(({ granted }) => !granted).flatMap(({ epoch, reason }) =>
      entries.filter((entry) => entry.epoch === epoch).map((entry) => ({ ...lineOf(entry, entry.sinceMs), reason }))),
  };
}

const lineOf = ({ vmid, epoch, workflowId, priority, pools }: LedgerEntry, sinceMs: number): SlotLine =>
  ({ vmid, epoch, workflowId, priority, pools, since: new Date(sinceMs).toISOString() });
