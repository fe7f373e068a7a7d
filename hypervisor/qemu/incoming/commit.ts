import { MigrationError } from '../../../domain/errors.js';
import type { CommitTimes } from '../../../domain/contracts/activities.js';
import type { EpochRef } from '../../../domain/ids.js';
import type { LivePlan } from '../../../domain/contracts/plan.js';
import { moveDrives } from '../../../domain/guest/move-drives.js';
import { failpoint } from '../../failpoint.js';
import type { Monitor } from '../qmp/monitor.js';
import { toGuestRunState } from '../run-state.js';
import type { TargetDeps } from './target-deps.js';
import { exportsOf, foldTarget, type TargetMemory } from './target-journal.js';

/**
 * The commit point and the way into life, in the order of the protocol: token → config → NBD closed → `cont`.
 * The guest's new config text is made beforehand (`prepareConfig`), so that the blackout pays only for the renames.
 * Throws `OwnershipUnknown` when the token was decided against us: then nothing was done.
 */
export async function commit(deps: TargetDeps, ref: EpochRef, plan: LivePlan, monitor: Monitor, config: ConfigToMove): Promise<CommitTimes> {
  const begunAtMs = performance.now();
  const nbdClosed = plan.disks.length === 0 ? Promise.resolve() : closeNbd(monitor);
  nbdClosed.catch(() => undefined);
  await failpoint('target.commit.before');
  const decision = await deps.token.decide(ref.vmid, ref.epoch, 'committed');
  if (decision !== 'committed') {
    throw new MigrationError('OwnershipUnknown', `commit failed: VM ${ref.vmid}: the token says ${decision}; the guest stays on ${plan.source}`, { decision });
  }
  await failpoint('target.committed.after');
  await moveConfig(deps, ref, plan, config);
  await nbdClosed;
  const committedAtMs = performance.now();
  await letRun(monitor, plan);
  const runningAtMs = performance.now();
  return {
    commitMs: ms(committedAtMs - begunAtMs), resumeMs: ms(runningAtMs - committedAtMs), committedAt: new Date().toISOString(),
    state: toGuestRunState((await monitor.queryStatus()).status),
  };
}

export interface ConfigToMove {
  /** null: no disk changes its place, the file moves as it is. */
  readonly text: string | null;
}

/** The config with the moved disks' new volumes, read while the guest still runs on the source (its lock keeps it stable). */
export async function prepareConfig(deps: TargetDeps, ref: EpochRef, plan: LivePlan, memory: TargetMemory): Promise<ConfigToMove> {
  if (plan.disks.length === 0) return { text: null };
  const owner = await deps.configs.find(ref.vmid);
  if (owner === null) throw new MigrationError('GuestNotFound', `prepare config failed: VM ${ref.vmid} has no config`);
  const config = deps.parseConfig(ref.vmid, await deps.configs.read(ref.vmid, 'qemu', owner.node));
  const exports = exportsOf(plan, memory.volumes);
  const text = moveDrives(config, plan.disks.map((disk) => ({
    drive: disk.drive, volid: exports.find((e) => e.drive === disk.drive)?.volid ?? '', format: disk.targetFormat, sizeBytes: disk.sizeBytes,
  })));
  return { text };
}

/**
 * Forward only: every step may have been done by a former attempt. The config moves first and without QEMU: the guest belongs to
 * this node whether its QEMU lives or not, and is started where its config is.
 */
export async function finishCommitted(deps: TargetDeps, ref: EpochRef, plan: LivePlan, connect: () => Promise<Monitor>): Promise<CommitTimes> {
  const begunAtMs = performance.now();
  const entry = await deps.journal.requireCurrent(ref.vmid, ref.epoch);
  await moveConfig(deps, ref, plan, await prepareConfig(deps, ref, plan, foldTarget(entry)));
  const monitor = await connect();
  if (plan.disks.length > 0) await closeNbd(monitor);
  const committedAtMs = performance.now();
  await letRun(monitor, plan);
  const runningAtMs = performance.now();
  return {
    commitMs: ms(committedAtMs - begunAtMs), resumeMs: ms(runningAtMs - committedAtMs), committedAt: new Date().toISOString(),
    state: toGuestRunState((await monitor.queryStatus()).status),
  };
}

/** Rewritten in the source's folder first, then one rename: the cluster file system never sees two configs of one guest. */
async function moveConfig(deps: TargetDeps, ref: EpochRef, plan: LivePlan, config: ConfigToMove): Promise<void> {
  const owner = await deps.configs.find(ref.vmid);
  if (owner === null) throw new MigrationError('GuestNotFound', `move config failed: VM ${ref.vmid} has no config on any node`);
  if (config.text !== null) {
    await deps.configs.write(ref.vmid, 'qemu', owner.node, config.text);
    await failpoint('target.config-written.after');
  }
  await deps.configs.move(ref.vmid, 'qemu', plan.source, plan.target);
  await failpoint('target.config-moved.after');
}

/** The export holds the write permission the guest's device needs (PVE bug 1338). */
async function closeNbd(monitor: Monitor): Promise<void> {
  await monitor.nbdServerStop().catch((error: unknown) => {
    if (!(error instanceof MigrationError && /not running/i.test(error.message))) throw error;
  });
}

async function letRun(monitor: Monitor, plan: LivePlan): Promise<void> {
  await failpoint('target.cont.before');
  if (!plan.keepPaused) await monitor.cont();
  await failpoint('target.cont.after');
}

const ms = (value: number): number => Math.round(value * 100) / 100;
