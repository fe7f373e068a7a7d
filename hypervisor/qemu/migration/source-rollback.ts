import { MigrationError } from '../../../domain/errors.js';
import type { EpochRef } from '../../../domain/ids.js';
import type { LivePlan } from '../../../domain/contracts/plan.js';
import { failpoint } from '../../failpoint.js';
import { Monitor } from '../qmp/monitor.js';
import { lookAtQemu } from '../look.js';
import { waitUntil } from '../../wait.js';
import { neverBegun } from '../never-begun.js';
import { giveUp } from './give-up.js';
import { abandonMirrors } from './mirror.js';
import type { SourceDeps } from './source-deps.js';
import { foldSource } from './source-journal.js';
import { dropTlsCreds } from './tls-creds.js';

/** States in which QEMU still works on a migration (qapi/migration.json, MigrationStatus). */
const BUSY = new Set(['setup', 'active', 'pre-switchover', 'device', 'cancelling', 'wait-unplug']);

/**
 * Undo of the source's part: stream cancelled, mirrors gone, guest running here again, connections closed.
 * Only with a token that says `aborted`, or that was never made: anything else could mean a second copy. A token that a late
 * attempt of the target made after it was decided to go back is decided here.
 * Idempotent; a guest whose QEMU has died is left as it is.
 */
export async function rollbackSource(deps: SourceDeps, ref: EpochRef, plan: LivePlan, signal: AbortSignal): Promise<void> {
  const entry = await deps.journal.read(ref.vmid, ref.epoch);
  if (entry === null) return neverBegun(deps.journal, ref, 'source');
  if (entry.closed) return;
  await deps.journal.requireCurrent(ref.vmid, ref.epoch);
  const decision = await deps.token.decide(ref.vmid, ref.epoch, 'aborted');
  const lostToken = decision === 'none' && foldSource(entry).handedOver;
  if (decision === 'committed' || decision === 'undecided' || lostToken) {
    throw new MigrationError('OwnershipUnknown', `roll back failed: VM ${ref.vmid}: the commit token says ${decision}, so the guest may belong to ${plan.target}`);
  }
  // The agent may have stood still between `completed` and its journal: such a copy needs the token's word too (rule 2).
  if (decision === 'none' && (await lookAtQemu(deps, ref.vmid)).state === 'postmigrate') {
    throw new MigrationError('OwnershipUnknown', `roll back failed: VM ${ref.vmid}: its copy here was switched and there is no commit token any more, so the guest may belong to ${plan.target}`);
  }
  // While this node was away the guest may have been brought up elsewhere: then the copy here must never run again.
  const [owner, alive] = await Promise.all([deps.configs.find(ref.vmid), deps.qemuAlive(ref.vmid)]);
  if (alive && owner !== null && owner.node !== deps.node) {
    throw new MigrationError('OwnershipUnknown', `roll back failed: VM ${ref.vmid}: its config is on ${owner.node}, so the copy on ${deps.node} is not resumed; end its QEMU, then it goes on`);
  }
  await failpoint('source.rollback.before');
  if (alive) await calmQemu(deps, ref, plan, signal);
  await deps.clearRunDir(ref);
  await failpoint('source.rollback.run-dir.after');
  await deps.journal.close(ref.vmid, ref.epoch, 'rolled-back');
  await failpoint('source.rollback.closed.after');
}

async function calmQemu(deps: SourceDeps, ref: EpochRef, plan: LivePlan, signal: AbortSignal): Promise<void> {
  const client = await deps.connectDriveQmp(ref.vmid);
  try {
    const monitor = new Monitor(client);
    await giveUp({ monitor, plan });
    await waitUntil(async () => !BUSY.has((await monitor.queryMigrate()).status ?? 'none'), { intervalMs: 20, signal });
    await failpoint('source.rollback.cancelled.after');
    if (!plan.keepPaused) await letRun(monitor);
    await failpoint('source.rollback.running.after');
    await abandonMirrors({ client, monitor }, plan.disks, signal);
    await failpoint('source.rollback.mirrors.after');
    await dropTlsCreds(monitor);
  } finally {
    client.close();
  }
}

/** The token said `aborted` before we came here, so the target can never run: `cont` is safe in every state. */
async function letRun(monitor: Monitor): Promise<void> {
  const { running } = await monitor.queryStatus();
  if (!running) await monitor.cont();
}
