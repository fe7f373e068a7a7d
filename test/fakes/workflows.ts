import { workflowInfo } from '@temporalio/workflow';
import type { MigrationReport } from '../../domain/contracts/report.js';
import { migrateGuest as realMigrate } from '../../workflows/migrate-guest.js';
import { settleMigration as realSettle } from '../../workflows/settle-migration.js';
import { slotLedger as realLedger, type LedgerStart } from '../../workflows/slots/slot-ledger.js';
import { useTimings, type Timings } from '../../workflows/timings.js';

export { checkMigration } from '../../workflows/check-migration.js';
export { cleanUpNodes } from '../../workflows/clean-up-nodes.js';

/** The real workflow with the time spans a test put into the memo. */
export async function migrateGuest(raw: unknown): Promise<MigrationReport> {
  useTimings(spans());
  return realMigrate(raw);
}

/** Ends soon, looks often, and continues as new often. */
export async function slotLedger(start: LedgerStart): Promise<void> {
  useTimings({ ledgerLingerMs: 500, ledgerCheckMs: 300, ledgerIdleCheckMs: 1000, ledgerHistoryEvents: 60 });
  return realLedger(start);
}

export async function settleMigration(raw: unknown): Promise<MigrationReport | null> {
  useTimings(spans());
  return realSettle(raw);
}

const spans = (): Partial<Timings> => workflowInfo().memo?.['timings'] ?? {};
