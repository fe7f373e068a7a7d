import type { GuestRunState } from '../../domain/contracts/facts.js';
import type { CtRunState } from '../../domain/contracts/ct-facts.js';
import type { GuestConfigStore } from '../../domain/contracts/ports.js';
import { MigrationError } from '../../domain/errors.js';
import type { CtConfig } from '../../domain/guest/ct-config.js';
import { parseHealthCheck } from '../../domain/guest/health-check.js';
import { parseCtConfig } from '../../domain/guest/parse-ct-config.js';
import type { Vmid } from '../../domain/ids.js';
import type { GuestPower } from '../../hypervisor/cold/guest-power.js';
import { addressesOf, healthCheck } from '../../hypervisor/lxc/health.js';
import { startContainer } from '../../hypervisor/lxc/process/start.js';
import { containerState } from '../../hypervisor/lxc/process/state.js';
import { stopContainer } from '../../hypervisor/lxc/process/stop.js';
import type { NodeConfig } from '../guest-power.js';
import type { NodeStorages } from '../node-storages.js';

const HEALTH_TIMEOUT_MS = 30_000;

/** `other`: on its way up or down, so neither running nor gone. */
export const ctRunState: Readonly<Record<CtRunState, GuestRunState>> = { stopped: 'stopped', running: 'running', frozen: 'paused', starting: 'other', stopping: 'other' };

/** A container's power on this node, its lock being the caller's. */
export function createCtPower(config: NodeConfig, configs: GuestConfigStore, storages: NodeStorages): GuestPower {
  const read = async (vmid: Vmid): Promise<CtConfig> => {
    const { config: ct, problems } = parseCtConfig(vmid, await configs.read(vmid, 'lxc', config.node));
    if (problems.length > 0) throw new MigrationError('TargetStartFailed', `start CT ${vmid} failed: its config has errors: ${problems.join('; ')}`);
    return ct;
  };
  return {
    state: async (vmid) => ctRunState[(await containerState(vmid, config)).state],
    start: async (vmid) => { await startContainer({ ct: await read(vmid), paths: config, resolve: await storages.ctVolumes() }); },
    shutDown: async (vmid, timeoutMs) => { await stopContainer(vmid, config, { timeoutMs }); },
    end: async (vmid) => { await stopContainer(vmid, config, { timeoutMs: 0, kill: true }); },
    health: async (vmid, check) => {
      const { state, initPid } = await containerState(vmid, config);
      if (state !== 'running' || initPid === null) throw new MigrationError('TargetStartFailed', `check CT ${vmid} failed: it is ${state}`);
      if (check === null) return;
      await healthCheck({ vmid, initPid, check: parseHealthCheck(check), addresses: addressesOf(await read(vmid)), timeoutMs: HEALTH_TIMEOUT_MS });
    },
  };
}
