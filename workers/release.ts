import { createFileJournal } from '../hypervisor/journal/file-journal.js';
import { join } from 'node:path';
import { messageOf } from '../domain/errors.js';
import { QmpClient } from '../hypervisor/qemu/qmp/client.js';
import { Monitor } from '../hypervisor/qemu/qmp/monitor.js';
import { HOLD_BYTES_PER_SECOND } from '../hypervisor/qemu/migration/settings.js';
import { driveQmpPath } from '../hypervisor/paths.js';
import { loadNodeConfig } from './config.js';

/**
 * The dead man's switch: the agent's unit runs this when the agent has died. Every migration that waits in
 * `pre-switchover` without a driver is cancelled, so that its guest runs on; one that still copies is held. Needs nothing
 * but the journal and QMP.
 */
async function main(): Promise<void> {
  const config = await loadNodeConfig();
  const entries = await createFileJournal(join(config.stateDir, 'journal')).openEntries();
  const sources = entries.filter((entry) => entry.role === 'source');
  await Promise.all(sources.map(async ({ vmid }) => {
    try {
      const done = await releaseGuest(driveQmpPath(config, vmid));
      if (done !== null) console.error(`ferry release: VM ${vmid}: ${done}`);
    } catch (error) {
      console.error(`ferry release: VM ${vmid}: ${messageOf(error)}`);
    }
  }));
}

/** The sentence for the log; null: nothing was under way. */
async function releaseGuest(socketPath: string): Promise<string | null> {
  const client = await QmpClient.connect(socketPath, { timeoutMs: 2000 });
  try {
    const monitor = new Monitor(client);
    const { status } = await monitor.queryMigrate();
    if (status === 'pre-switchover') {
      await monitor.migrateCancel();
      return 'stood still without a driver, runs on';
    }
    if (status !== 'active' && status !== 'setup') return null;
    // Without a driver it must not reach its switch either: the next agent goes on from here.
    await monitor.migrateSetParameters({ 'max-bandwidth': HOLD_BYTES_PER_SECOND });
    return 'its migration is held until an agent is back';
  } finally {
    client.close();
  }
}

main().catch((error: unknown) => {
  console.error(`ferry release: ${messageOf(error)}`);
  process.exitCode = 1;
});
