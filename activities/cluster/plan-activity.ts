import type { EvacuationActivities } from '../../domain/contracts/evacuation-activities.js';
import type { PastMove } from '../../domain/contracts/evacuation.js';
import type { ClusterFiles } from '../../domain/contracts/ports.js';
import type { NodeName, Vmid } from '../../domain/ids.js';
import { computePlan } from '../../domain/placement/compute-plan.js';
import type { Solve } from '../../domain/placement/model.js';
import { takeInventory, type InventorySources } from '../../domain/placement/take-inventory.js';
import { atTheEdge } from '../at-the-edge.js';

export interface PlanActivityDeps {
  readonly files: ClusterFiles;
  readonly solve: Solve;
  readonly links: InventorySources['links'];
  listGuests(): Promise<InventorySources['guests']>;
  /** Nodes on which nothing new may be placed. */
  cordons(): Promise<readonly NodeName[]>;
  /** Figures of these guests' last migrations, newest first; what can't be had in time is left out. */
  pastMoves(vmids: readonly Vmid[]): Promise<ReadonlyMap<Vmid, readonly PastMove[]>>;
}

/** Planning, on queue `migrations`: reads the cluster's files and computes. Changes nothing. */
export function createPlanActivity({ files, solve, links, ...deps }: PlanActivityDeps): Pick<EvacuationActivities, 'planEvacuation'> {
  return atTheEdge<Pick<EvacuationActivities, 'planEvacuation'>>({
    planEvacuation: async ({ request, surveys, settled, moving = [], avoid = [] }) => {
      const [guests, { members }, cordons, storageText, rulesText] = await Promise.all([deps.listGuests(), files.members(), deps.cordons(), files.storageText(), files.rulesText()]);
      const past = await deps.pastMoves(guests.filter(({ vmid, node }) => node === request.node && !settled.includes(vmid)).map(({ vmid }) => vmid));
      const inventory = takeInventory({ guests, members, surveys, cordons, storageText, rulesText, past, links });
      return computePlan({ inventory, request, settled, moving, avoid }, solve);
    },
  });
}
