import { workflowInfo } from '@temporalio/workflow';
import type { MigrationReport } from '../../domain/contracts/report.js';
import { migrateGuest as realMigrate } from '../../workflows/migrate-guest.js';
import { settleMigration as realSettle } from '../../workflows/settle-migration.js';
import { useTimings, type Timings } from '../../workflows/timings.js';

export { checkMigration } from '../../workflows/check-migration.js';
export { cleanUpNodes } from '../../workflows/clean-up-nodes.js';

/** The real workflow with the time spans a test put into the memo. */
export async function migrateGuest(raw: unknown): Promise<MigrationReport> {
  useTimings(spans());
  return realMigrate(raw);
}

export async function settleMigration(raw: unknown): Promise<MigrationReport | null> {
  useTimings(spans());
  return realSettle(raw);
}

const spans = (): Partial<Timings> => workflowInfo().memo?.['timings'] ?? {};
