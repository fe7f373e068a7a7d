import type { MaintenanceActivities } from '../domain/contracts/evacuation-activities.js';
import { createMaintenanceActivities } from '../activities/node/maintenance-activities.js';
import { listGuests } from '../cluster/list-guests.js';
import { MigrationError } from '../domain/errors.js';
import { parseVmConfig } from '../domain/guest/parse-vm-config.js';
import type { Vmid } from '../domain/ids.js';
import { takeCensus } from '../hypervisor/node/census.js';
import { remainsOf } from '../hypervisor/node/remains.js';
import { runFence } from '../hypervisor/node/run-fence.js';
import { checkVmHealth } from '../hypervisor/qemu/vm-health.js';
import { createCtPower } from './cold/ct-power.js';
import type { NodeParts } from './node-deps.js';

/** A guest that has just been moved, or started, answers within this. */
const HEALTH_MS = 60_000;

/** The maintenance activities of one node, with its real parts. */
export function createNodeMaintenance({ config, configs, storages, journal }: NodeParts): MaintenanceActivities {
  const { node, pveRoot, lxcPath, lxcRunDir, hooks } = config;
  const containers = createCtPower(config, configs, storages);
  return createMaintenanceActivities({
    node,
    remains: async (except) => {
      const own = (await storages.configs()).filter(({ shared }) => !shared);
      const [guests, things, openEntries] = await Promise.all([listGuests(pveRoot, node), takeCensus(config, own, node), journal.openEntries()]);
      return remainsOf({ except, guests: guests.map(({ vmid }) => vmid), things, openEntries, lxcPath, lxcRunDir });
    },
    checkHealth: async (vmid: Vmid, check: string) => {
      const owner = await configs.find(vmid);
      if (owner?.node !== node) throw new MigrationError('GuestUnhealthy', `check guest ${vmid} failed: it is not on ${node}`);
      if (owner.kind === 'lxc') return containers.health(vmid, check === 'agent' ? null : check);
      const { config: vm } = parseVmConfig(vmid, await configs.read(vmid, 'qemu', node));
      await checkVmHealth(vm, check, config, HEALTH_MS);
    },
    runHook: async (name) => {
      const hook = Object.hasOwn(hooks, name) ? hooks[name] : undefined;
      return hook === undefined ? null : runFence(hook.command, hook.timeoutSeconds);
    },
  });
}
