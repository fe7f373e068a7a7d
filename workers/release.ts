import { createFileJournal } from '../hypervisor/journal/file-journal.js';
import { join } from 'node:path';
import { messageOf } from '../domain/errors.js';
import { QmpClient } from '../hypervisor/qemu/qmp/client.js';
import { Monitor } from '../hypervisor/qemu/qmp/monitor.js';
import { driveQmpPath } from '../hypervisor/paths.js';
import { loadNodeConfig } from './config.js';

/**
 * The dead man's switch: the agent's unit runs this when the agent has died. Every migration that waits in
 * `pre-switchover` without a driver is cancelled, so that its guest runs on. Needs nothing but the journal and QMP.
 */
async function main(): Promise<void> {
  const config = await loadNodeConfig();
  const entries = await createFileJournal(join(config.stateDir, 'journal')).openEntries();
  const sources = entries.filter((entry) => entry.role === 'source');
  await Promise.all(sources.map(async ({ vmid }) => {
    try {
      if (await releaseGuest(driveQmpPath(config, vmid))) console.error(`ferry release: VM ${vmid}: stood still without a driver, runs on`);
    } catch (error) {
      console.error(`ferry release: VM ${vmid}: ${messageOf(error)}`);
    }
  }));
}

async function releaseGuest(socketPath: string): Promise<boolean> {
  const client = await QmpClient.connect(socketPath, { timeoutMs: 2000 });
  try {
    const monitor = new Monitor(client);
    if ((await monitor.queryMigrate()).status !== 'pre-switchover') return false;
    await monitor.migrateCancel();
    return true;
  } finally {
    client.close();
  }
}

main().catch((error: unknown) => {
  console.error(`ferry release: ${messageOf(error)}`);
  process.exitCode = 1;
});
