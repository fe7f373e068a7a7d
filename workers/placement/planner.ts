import type { WorkflowClient } from '@temporalio/client';
import { createPlanActivity } from '../../activities/cluster/plan-activity.js';
import { listGuests } from '../../cluster/list-guests.js';
import type { CordonStore } from '../../domain/contracts/cordon.js';
import type { EvacuationActivities } from '../../domain/contracts/evacuation-activities.js';
import type { ClusterFiles } from '../../domain/contracts/ports.js';
import type { FerryConfig } from '../../domain/edge/ferry-config.js';
import type { Solve } from '../../domain/placement/model.js';
import { createPastMoves } from './past-moves.js';

export interface PlannerParts {
  readonly pveRoot: string;
  readonly files: ClusterFiles;
  readonly cordons: Pick<CordonStore, 'list'>;
  readonly solve: Solve;
  readonly links: FerryConfig['links'];
}

/** The control worker's planning, with the real parts. */
export const createPlanner = ({ pveRoot, files, cordons, solve, links }: PlannerParts, client: Pick<WorkflowClient, 'list' | 'getHandle'>): Pick<EvacuationActivities, 'planEvacuation'> =>
  createPlanActivity({
    files, solve, links, listGuests: () => listGuests(pveRoot), pastMoves: createPastMoves(client),
    cordons: async () => (await cordons.list()).map(({ node }) => node),
  });
