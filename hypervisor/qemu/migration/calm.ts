import type { QmpClient } from '../qmp/client.js';
import { Monitor } from '../qmp/monitor.js';
import { HOLD_BYTES_PER_SECOND } from './settings.js';

/**
 * For a QEMU that nobody drives: in `pre-switchover` its guest stands still, and going back risks nothing, so that it runs on;
 * a stream that still copies is held, so that it does not come so far. Beyond that nothing is safe without the journal.
 * Returns what was done, as a sentence about the guest; null: nothing was under way. `client`: the driver's socket.
 */
export async function calmUndriven(client: QmpClient): Promise<string | null> {
  const monitor = new Monitor(client);
  const { status } = await monitor.queryMigrate();
  if (status === 'pre-switchover') {
    await monitor.migrateCancel();
    return 'stood still without a driver, runs on';
  }
  if (status !== 'active' && status !== 'setup') return null;
  await monitor.migrateSetParameters({ 'max-bandwidth': HOLD_BYTES_PER_SECOND });
  return 'its migration is held until somebody drives it';
}
