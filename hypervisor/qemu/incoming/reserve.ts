import { MigrationError } from '../../../domain/errors.js';
import type { TargetEndpoints } from '../../../domain/contracts/activities.js';
import type { Endpoint } from '../../../domain/contracts/endpoint.js';
import type { DriveName, EpochRef, Volid } from '../../../domain/ids.js';
import type { LockOwner } from '../../../domain/contracts/facts.js';
import type { LivePlan } from '../../../domain/contracts/plan.js';
import { both } from '../../both.js';
import { failpoint } from '../../failpoint.js';
import { lookAtQemu } from '../look.js';
import { Monitor } from '../qmp/monitor.js';
import { listenForNbd, listenForRam } from './listen.js';
import type { ListenOn, ListenSpec } from '../../transport/listen-spec.js';
import { prepareIncoming } from './prepare-incoming.js';
import type { TargetDeps } from './target-deps.js';
import { exportsOf, foldTarget } from './target-journal.js';

/**
 * Makes everything ready on the target: volumes, QEMU waiting for its state, NBD exports, commit token. Each is in the
 * journal before it exists. What does not need each other is made side by side. `stillWanted` throws when this reservation was given up meanwhile.
 * A retry finds what is there: a ready reservation is returned, a half-made one is made anew.
 */
export async function reserveTarget(deps: TargetDeps, ref: EpochRef, plan: LivePlan,
  listenForHandover: (on: ListenOn) => Promise<Endpoint>, stillWanted: () => void): Promise<TargetEndpoints> {
  const { workflowId } = await requireOwnLock(deps, ref);
  await failpoint('target.journal.before');
  const memory = foldTarget(await deps.journal.open(ref.vmid, ref.epoch, 'target', { plan, workflowId }));
  await failpoint('target.journal.after');
  const note = (state: string, data?: Readonly<Record<string, unknown>>): Promise<void> => deps.journal.append(ref.vmid, ref.epoch, state, data);
  await requireUndecided(deps, ref);
  const { state } = await lookAtQemu(deps, ref.vmid);
  if (memory.endpoints !== null && state === 'inmigrate') return memory.endpoints;
  if (memory.endpoints !== null && state !== 'stopped') {
    throw new MigrationError('OwnershipUnknown', `reserve target failed: VM ${ref.vmid}: the QEMU on ${deps.node} holds a copy already (${state}); nothing was touched`);
  }
  if (memory.incoming) await deps.stopQemu(ref.vmid);
  else if (state !== 'stopped') {
    throw new MigrationError('TargetStartFailed', `reserve target failed: VM ${ref.vmid} already running on ${deps.node}; ferry did not start it and leaves it alone`);
  }
  stillWanted();
  const making = makeVolumes(deps, ref, plan, memory.volumes).then((made) => {
    stillWanted();
    return made;
  });
  const [volumes, listen] = await both(making, startWhenMade(deps, ref, plan, making));
  stillWanted();
  const [{ ram, nbd, exports }] = await both(openQemu(deps, ref, plan, volumes, listen), makeToken(deps, ref));
  await requireUndecided(deps, ref);
  const endpoints: TargetEndpoints = { ram, nbd, handoff: await listenForHandover(listen.handoff), exports };
  await note('ready', { endpoints });
  await failpoint('target.ready.after');
  return endpoints;
}

/** Starts QEMU as soon as its volumes are made; what it needs beside them is prepared meanwhile. Returns where it is to listen. */
async function startWhenMade(deps: TargetDeps, ref: EpochRef, plan: LivePlan, making: Promise<ReadonlyMap<DriveName, Volid>>): Promise<ListenSpec> {
  const config = deps.parseConfig(ref.vmid, await deps.configs.read(ref.vmid, 'qemu', plan.source));
  if (plan.transport.type !== 'secure') {
    await deps.token.createSecret(ref.vmid, ref.epoch);
    await failpoint('target.secret.after');
  }
  const listen = await deps.listenSpec(ref, plan);
  await deps.journal.append(ref.vmid, ref.epoch, 'incoming');
  await failpoint('target.incoming.before');
  await deps.startIncoming(config, plan, making);
  await failpoint('target.incoming.after');
  return listen;
}

async function makeToken(deps: TargetDeps, ref: EpochRef): Promise<void> {
  await failpoint('target.token.before');
  await deps.token.create(ref.vmid, ref.epoch);
  await failpoint('target.token.after');
}

async function openQemu(deps: TargetDeps, ref: EpochRef, plan: LivePlan, volumes: ReadonlyMap<DriveName, Volid>,
  listen: ListenSpec): Promise<Pick<TargetEndpoints, 'ram' | 'nbd' | 'exports'>> {
  const client = await deps.connectDriveQmp(ref.vmid);
  try {
    const monitor = new Monitor(client);
    await prepareIncoming(monitor, plan, plan.transport.type === 'tls' ? await deps.tlsDir(ref) : null);
    const exports = exportsOf(plan, volumes);
    const nbd = exports.length === 0 ? null : await listenForNbd(monitor, listen.nbd, exports, plan);
    const ram = await listenForRam(monitor, listen.ram);
    await failpoint('target.listening.after');
    return { ram, nbd, exports };
  } finally {
    client.close();
  }
}

/** A late command of a former migration must not make anything: the guest's lock names the one that may. */
async function requireOwnLock(deps: TargetDeps, ref: EpochRef): Promise<LockOwner> {
  const owner = await deps.lock.owner(ref.vmid);
  if (owner?.epoch !== ref.epoch) {
    throw new MigrationError('StaleEpoch', `reserve target failed: VM ${ref.vmid} is locked by ${owner === null ? 'nobody' : owner.workflowId}, not by this migration (${ref.epoch})`);
  }
  return owner;
}

/** After a decision there is nothing to reserve any more: what is here may be the guest itself. */
async function requireUndecided(deps: TargetDeps, ref: EpochRef): Promise<void> {
  const decision = await deps.token.read(ref.vmid, ref.epoch);
  if (decision === 'committed' || decision === 'aborted') {
    throw new MigrationError('OwnershipUnknown', `reserve target failed: VM ${ref.vmid}: the commit token says ${decision}`, { decision });
  }
}

async function makeVolumes(deps: TargetDeps, ref: EpochRef, plan: LivePlan, known: ReadonlyMap<DriveName, Volid>): Promise<ReadonlyMap<DriveName, Volid>> {
  const volumes = new Map(known);
  for (const disk of plan.disks) {
    let volid = volumes.get(disk.drive);
    if (volid === undefined) {
      volid = await deps.nextVolid(disk.targetStorage, ref.vmid, disk.targetFormat);
      await deps.journal.append(ref.vmid, ref.epoch, 'volume', { drive: disk.drive, volid });
      volumes.set(disk.drive, volid);
    }
    await failpoint('target.volume.before');
    await deps.createVolume(volid, disk.targetFormat, disk.sizeBytes);
    await failpoint('target.volume.after');
  }
  return volumes;
}
