import type { JournalEntry } from '../../domain/contracts/ports.js';
import type { LedgerEntry } from '../../domain/contracts/reconcile.js';
import { planOf } from './entry-plan.js';

/** An entry in the words of whoever wants to end it. */
export function toLedgerEntry({ vmid, epoch, role, records, closed }: JournalEntry): LedgerEntry {
  const last = (key: string): unknown => records.findLast((record) => record.data[key] !== undefined)?.data[key];
  return {
    vmid, epoch, role, closed,
    lastState: records.at(-1)?.state ?? null,
    plan: planOf({ records }),
    workflowId: (last('workflowId') as string | undefined) ?? null,
  };
}
