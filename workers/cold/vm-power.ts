import type { GuestConfigStore } from '../../domain/contracts/ports.js';
import { MigrationError } from '../../domain/errors.js';
import { parseVmConfig } from '../../domain/guest/parse-vm-config.js';
import type { GuestPower } from '../../hypervisor/cold/guest-power.js';
import { guestState } from '../../hypervisor/node/guest-facts.js';
import { qemuFacts } from '../../hypervisor/node/static-facts.js';
import { buildCommandLine } from '../../hypervisor/qemu/command-line/build.js';
import { findQemu } from '../../hypervisor/qemu/process/identity.js';
import { shutDownPolitely } from '../../hypervisor/qemu/process/shut-down.js';
import { startQemu } from '../../hypervisor/qemu/process/start.js';
import { stopQemu } from '../../hypervisor/qemu/process/stop.js';
import { tapsOf } from '../../hypervisor/qemu/process/taps.js';
import type { NodeConfig } from '../guest-power.js';
import type { NodeStorages } from '../node-storages.js';

/** A VM's power on this node, its lock being the caller's. */
export const createVmPower = (config: NodeConfig, configs: GuestConfigStore, storages: NodeStorages): GuestPower => ({
  state: async (vmid) => (await guestState(vmid, config)).state,
  start: async (vmid) => {
    if (findQemu(vmid, config) !== null) return;
    const { config: vm, problems } = parseVmConfig(vmid, await configs.read(vmid, 'qemu', config.node));
    if (problems.length > 0) throw new MigrationError('TargetStartFailed', `start VM ${vmid} failed: its config has errors: ${problems.join('; ')}`);
    const [store, { ioUring }] = await Promise.all([storages.store(), qemuFacts(config.qemuBinary)]);
    const argv = buildCommandLine({ config: vm, paths: config, binary: config.qemuBinary, incoming: false, ioUring, resolve: (volid) => store.resolve(volid) });
    await startQemu({ vmid, argv, taps: tapsOf(vm), paths: config });
  },
  shutDown: (vmid, timeoutMs) => shutDownPolitely(vmid, config, timeoutMs),
  end: (vmid) => stopQemu(vmid, config),
  health: async (vmid) => {
    const { state } = await guestState(vmid, config);
    if (state !== 'running') throw new MigrationError('TargetStartFailed', `check VM ${vmid} failed: it is ${state}`);
  },
});
