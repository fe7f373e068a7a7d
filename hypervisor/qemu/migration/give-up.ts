import type { LivePlan } from '../../../domain/contracts/plan.js';
import type { Monitor } from '../qmp/monitor.js';
import { waitUntil } from '../../wait.js';
import { breakMirrors } from './mirror.js';

/** QEMU ends a stream by itself at once, unless one of its connections waits for the target. */
const CANCEL_PATIENCE_MS = 1000;
const GIVE_UP_MS = 5000;

/**
 * Ends a migration before its switch, whatever its target does: the guest runs on, and its writes are answered. Connections of
 * mirrors are broken, not closed: closing would wait for the target. Never throws; what is left is undone by the roll-back.
 */
export async function giveUp({ monitor, plan }: { readonly monitor: Monitor; readonly plan: LivePlan }): Promise<void> {
  const cancelled = monitor.migrateCancel().catch(() => undefined);
  await breakMirrors(monitor, plan.disks).catch(() => undefined);
  const impatient = setTimeout(() => void monitor.yankMigration().catch(() => undefined), CANCEL_PATIENCE_MS);
  await cancelled;
  await waitUntil(() => hasEnded(monitor), { intervalMs: 20, signal: AbortSignal.timeout(GIVE_UP_MS) }).catch(() => undefined);
  clearTimeout(impatient);
}

async function hasEnded(monitor: Monitor): Promise<boolean> {
  const { status } = await monitor.queryMigrate();
  return status === null || ['none', 'cancelled', 'failed', 'completed'].includes(status);
}

/** The copy here is over: stopped for good, all of it sent. Of a QEMU that does not answer nothing is known. */
export async function hasCompleted(monitor: Monitor): Promise<boolean> {
  try {
    const [info, run] = await Promise.all([monitor.queryMigrate(), monitor.queryStatus()]);
    return info.status === 'completed' && run.status === 'postmigrate';
  } catch {
    return false;
  }
}
