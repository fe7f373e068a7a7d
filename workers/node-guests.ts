import { MigrationError } from '../domain/errors.js';
import type { DriveName, Volid } from '../domain/ids.js';
import type { VmConfig } from '../domain/guest/vm-config.js';
import type { FerryConfig } from '../domain/edge/ferry-config.js';
import { qemuFacts } from '../hypervisor/node/static-facts.js';
import { buildCommandLine } from '../hypervisor/qemu/command-line/build.js';
import { type Image } from '../hypervisor/qemu/command-line/input.js';
import { startQemu } from '../hypervisor/qemu/process/start.js';
import { tapsOf } from '../hypervisor/qemu/process/taps.js';
import { isAbsolute, extname } from 'node:path';
import type { VolumeStore } from '../hypervisor/storage/volume-store.js';
import type { NodeStorages } from './node-storages.js';

export interface IncomingOptions {
  /** Versioned type: the one the guest runs with on the source. */
  readonly machine: string;
  /** Volumes that take the place of the config's, when they are made. */
  readonly volumes: Promise<ReadonlyMap<DriveName, Volid>>;
}

/** Starts a guest's QEMU from its config, waiting for a migration. Throws `TargetStartFailed` with QEMU's own words. */
export async function startIncomingGuest(config: FerryConfig, storages: NodeStorages, vm: VmConfig, options: IncomingOptions): Promise<void> {
  const [store, { ioUring }] = await Promise.all([storages.store(), qemuFacts(config.qemuBinary)]);
  const resolve = (volid: Volid): Image => imageOf(store, volid);
  const argv = options.volumes.then((volumes) => buildCommandLine({
    config: vm, paths: config, resolve, binary: config.qemuBinary, machine: options.machine, incoming: true, ioUring,
    overrides: Object.fromEntries([...volumes].map(([drive, volid]) => [drive, resolve(volid)])),
  }));
  // Heard where it is waited for; when the start fails before, it was the caller's to hear.
  argv.catch(() => undefined);
  await startQemu({ vmid: vm.vmid, argv, taps: tapsOf(vm), paths: config });
}

function imageOf(store: VolumeStore, volid: Volid): Image {
  if (isAbsolute(volid)) return { path: volid, format: extname(volid) === '.qcow2' ? 'qcow2' : 'raw' };
  const { path, format } = store.resolve(volid);
  if (format !== 'raw' && format !== 'qcow2') throw new MigrationError('TargetStartFailed', `use volume failed: ${volid}: format ${format} cannot be used by a running guest`);
  return { path, format };
}
