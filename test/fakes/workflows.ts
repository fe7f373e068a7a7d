import { workflowInfo } from '@temporalio/workflow';
import type { MigrationReport } from '../../domain/contracts/report.js';
import { migrateGuest as real } from '../../workflows/migrate-guest.js';
import { useTimings, type Timings } from '../../workflows/timings.js';

export { checkMigration } from '../../workflows/check-migration.js';
export { cleanUpNodes } from '../../workflows/clean-up-nodes.js';

/** The real workflow with the time spans a test put into the memo. */
export async function migrateGuest(raw: unknown): Promise<MigrationReport> {
  const spans: Partial<Timings> = workflowInfo().memo?.['timings'] ?? {};
  useTimings(spans);
  return real(raw);
}
