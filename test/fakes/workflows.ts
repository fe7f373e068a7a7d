import { workflowInfo } from '@temporalio/workflow';
import type { EvacuationReport } from '../../domain/contracts/evacuation-report.js';
import type { RollReport } from '../../domain/contracts/roll.js';
import type { MigrationReport } from '../../domain/contracts/report.js';
import { evacuateNode as realEvacuate, type CarriedEvacuation } from '../../workflows/evacuate-node.js';
import { migrateGuest as realMigrate } from '../../workflows/migrate-guest.js';
import { returnHome as realReturn } from '../../workflows/return-home.js';
import { rollNodes as realRoll } from '../../workflows/roll-nodes.js';
import { settleMigration as realSettle } from '../../workflows/settle-migration.js';
import { slotLedgers as realLedgers, type LedgersStart } from '../../workflows/slots/slot-ledgers.js';
import { useTimings, type Timings } from '../../workflows/timings.js';

export { checkMigration } from '../../workflows/check-migration.js';
export { planEvacuation } from '../../workflows/plan-evacuation.js';
export { uncordonNode } from '../../workflows/uncordon-node.js';
export { cleanUpNodes } from '../../workflows/clean-up-nodes.js';

/** The real workflow with the time spans a test put into the memo. */
export async function migrateGuest(raw: unknown): Promise<MigrationReport> {
  useTimings(spans());
  return realMigrate(raw);
}

/** End soon, look often, and continue as new often. */
export async function slotLedgers(start: LedgersStart): Promise<void> {
  useTimings({ ledgerLingerMs: 500, ledgerCheckMs: 300, ledgerIdleCheckMs: 1000, ledgerHistoryEvents: 60 });
  return realLedgers(start);
}

export async function settleMigration(raw: unknown): Promise<MigrationReport | null> {
  useTimings(spans());
  return realSettle(raw);
}

export async function evacuateNode(raw: unknown, carried?: CarriedEvacuation): Promise<EvacuationReport> {
  useTimings(spans());
  return realEvacuate(raw, carried);
}

export async function returnHome(raw: unknown, carried?: Parameters<typeof realReturn>[1]): Promise<EvacuationReport> {
  useTimings(spans());
  return realReturn(raw, carried);
}

export async function rollNodes(raw: unknown, carried?: Parameters<typeof realRoll>[1]): Promise<RollReport> {
  useTimings(spans());
  return realRoll(raw, carried);
}

/** Children have no memo of a test's: they are as fast as their evacuation. */
const OF_A_CHILD: Partial<Timings> = {
  retryInitialMs: 100, retryMaximumMs: 300, observerRetryMs: 100, persistInitialMs: 50, persistMaximumMs: 500, heartbeatMs: 4000, scheduleToStartMs: 8000, probeMs: 1000,
  replanPauseMs: 300, needsOperatorMs: 300, stuckLookMs: 1000, provePauseMs: 100, returnPauseMs: 200,
};

const spans = (): Partial<Timings> => workflowInfo().memo?.['timings'] ?? OF_A_CHILD;
