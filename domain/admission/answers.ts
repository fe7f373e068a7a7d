import type { SlotAnswer } from '../contracts/slots.js';
import type { Epoch } from '../ids.js';
import type { SlotVerdict } from './decide.js';
import { limitOf, type Ledger } from './ledger.js';

/** Who is told of each step of the queue; the others learn their place when they ask. */
const TOLD_OF_STEPS = 5;

/**
 * The answers after a change: to who asked just now, to who was granted, and to the first few of the queue whose place is another.
 * `before`: the verdicts until now, by epoch.
 */
export function answersOf(ledger: Ledger, verdicts: readonly SlotVerdict[], before: ReadonlyMap<Epoch, SlotVerdict>, asked: ReadonlySet<Epoch>): readonly (SlotAnswer & { readonly workflowId: string })[] {
  const { resource, entries } = ledger;
  const waiting = verdicts.filter(({ granted }) => !granted).length;
  return verdicts.flatMap(({ epoch, granted, position, reason }) => {
    const entry = entries.find((one) => one.epoch === epoch);
    const known = before.get(epoch);
    const isNews = asked.has(epoch) || (granted ? known?.granted !== true : position <= TOLD_OF_STEPS && known?.position !== position);
    return entry === undefined || !isNews ? [] : [{ resource, epoch, seq: entry.seq, granted, position, waiting, limited: entry.pools.filter((pool) => limitOf(ledger, pool) !== null), reason, workflowId: entry.workflowId }];
  });
}
