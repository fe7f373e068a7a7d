import type { MaintenanceActivities } from '../../domain/contracts/evacuation-activities.js';
import type { FenceResult } from '../../domain/contracts/fencing.js';
import type { NodeRemains } from '../../domain/contracts/evacuation.js';
import { MigrationError } from '../../domain/errors.js';
import type { Vmid } from '../../domain/ids.js';
import { atTheEdge } from '../at-the-edge.js';

export interface MaintenanceDeps {
  readonly node: string;
  remains(except: readonly Vmid[]): Promise<NodeRemains>;
  checkHealth(vmid: Vmid, check: string): Promise<void>;
  /** null: there is none of this name. */
  runHook(name: string): Promise<FenceResult | null>;
}

/** What an agent does for a node that is emptied, on queue `node-<name>`. */
export function createMaintenanceActivities(deps: MaintenanceDeps): MaintenanceActivities {
  return atTheEdge<MaintenanceActivities>({
    proveEmpty: ({ except }) => deps.remains(except),
    checkGuestHealth: ({ vmid, check }) => deps.checkHealth(vmid, check),
    runHook: async ({ hook }) => {
      const result = await deps.runHook(hook);
      if (result === null) throw new MigrationError('HookFailed', `run hook failed: ${deps.node}: its configuration has no hook '${hook}'`);
      if (!result.done) throw new MigrationError('HookFailed', `run hook failed: ${deps.node}: ${hook}: ${result.sentence}`);
      return { output: result.sentence };
    },
  });
}
