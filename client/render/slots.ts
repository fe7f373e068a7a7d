import { POOL_WORDS, resourceWords } from '../../domain/admission/words.js';
import type { LedgerView, SlotLine } from '../../domain/contracts/slots.js';
import { localTime } from './local-time.js';
import { bareTable } from './table.js';

/** What `ferry slots` prints: the numbers of every ledger, then who holds and who waits. */
export function renderSlots(views: readonly LedgerView[]): string {
  if (views.length === 0) return 'no migration holds or waits for a slot, and no limit was set by hand: the configuration counts';
  const numbers = views.flatMap(({ resource, pools }) => pools.map(({ pool, used, limit, setBy }) =>
    [resourceWords(resource), POOL_WORDS[pool], String(used), limit === null ? '-' : String(limit), setBy ?? '-']));
  const lines = views.flatMap((view) => [
    ...view.holders.map((line) => [...columns(view, line), 'holds', line.pools.map((pool) => POOL_WORDS[pool]).join(', ')]),
    ...view.waiters.map((line, index) => [...columns(view, line), `place ${index + 1}`, line.reason]),
  ]);
  return [
    bareTable(['where', 'slots', 'used', 'limit', 'set by'], numbers),
    '',
    lines.length === 0 ? 'nobody holds or waits' : bareTable(['where', 'guest', 'priority', 'since', 'turn', 'what'], lines),
  ].join('\n');
}

const columns = ({ resource }: LedgerView, { vmid, priority, since }: SlotLine): string[] => [resourceWords(resource), String(vmid), String(priority), localTime(new Date(since))];
