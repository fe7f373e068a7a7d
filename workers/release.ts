import { createFileJournal } from '../hypervisor/journal/file-journal.js';
import { join } from 'node:path';
import { messageOf } from '../domain/errors.js';
import { QmpClient } from '../hypervisor/qemu/qmp/client.js';
import { calmUndriven } from '../hypervisor/qemu/migration/calm.js';
import { driveQmpPath } from '../hypervisor/paths.js';
import { loadNodeConfig } from './config.js';

/** The next agent waits for this program's end. */
const LIMIT_MS = 10_000;

/**
 * The dead man's switch: the agent's unit runs this when the agent has died. Every migration that waits in
 * `pre-switchover` without a driver is cancelled, so that its guest runs on; one that still copies is held. Needs nothing
 * but the journal and QMP.
 */
async function main(): Promise<void> {
  const config = await loadNodeConfig();
  const journal = createFileJournal(join(config.stateDir, 'journal'));
  const [entries, damaged] = await Promise.all([journal.openEntries(), journal.damagedEntries()]);
  // Of a damaged entry only the guest is known: what its QEMU says is enough for this.
  const vmids = new Set([...entries.filter(({ role }) => role === 'source'), ...damaged].map(({ vmid }) => vmid));
  await Promise.all([...vmids].map(async (vmid) => {
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
    return await calmUndriven(client);
  } finally {
    client.close();
  }
}

setTimeout(() => {
  console.error(`ferry release: not done within ${LIMIT_MS / 1000} s; the agent goes on with it`);
  process.exit(1);
}, LIMIT_MS).unref();

main().then(() => process.exit(0), (error: unknown) => {
  console.error(`ferry release: ${messageOf(error)}`);
  process.exit(1);
});
