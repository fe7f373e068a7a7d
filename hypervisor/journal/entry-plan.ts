import { isCold, type ColdPlan, type MigrationPlan } from '../../domain/contracts/plan.js';
import type { JournalEntry } from '../../domain/contracts/ports.js';

/** What was planned, by the entry's own records; null: nothing (yet). */
export const planOf = ({ records }: Pick<JournalEntry, 'records'>): MigrationPlan | null =>
  (records.findLast(({ data }) => data['plan'] !== undefined)?.data['plan'] as MigrationPlan | undefined) ?? null;

/** The plan of a guest that stands still while it moves; null: a live migration, or no plan. */
export function coldPlanOf(entry: Pick<JournalEntry, 'records'> | null): ColdPlan | null {
  const plan = entry === null ? null : planOf(entry);
  return plan !== null && isCold(plan) ? plan : null;
}
