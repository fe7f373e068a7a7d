import { Context } from '@temporalio/activity';
import type { WorkflowClient } from '@temporalio/client';
import { atTheEdge } from '../activities/at-the-edge.js';
import { createEvacuationActivities } from '../activities/cluster/evacuation-activities.js';
import type { CordonStore } from '../domain/contracts/cordon.js';
import type { EvacuationActivities, FollowActivities } from '../domain/contracts/evacuation-activities.js';
import type { ClusterFiles, GuestConfigStore } from '../domain/contracts/ports.js';
import { createFollowActivities } from './follow-migration.js';
import { describeRun } from './run-states.js';

export interface ControlEvacuationParts {
  readonly cordons: CordonStore;
  readonly files: ClusterFiles;
  readonly configs: GuestConfigStore;
}

/** What evacuations ask of a control worker, with its real parts. */
export function createControlEvacuation({ cordons, files, configs }: ControlEvacuationParts, workflow: WorkflowClient): Omit<EvacuationActivities, 'planEvacuation'> & FollowActivities {
  return {
    ...createEvacuationActivities({
      cordons, now: () => new Date(),
      members: async () => (await files.members()).members,
      configNode: async (vmid) => (await configs.find(vmid))?.node ?? null,
      // A server that does not answer has said nothing: the cordon holds.
      isOver: async ({ workflowId, epoch }) => ['closed', 'gone'].includes(await describeRun(workflow, workflowId, epoch)),
    }),
    ...atTheEdge(createFollowActivities(workflow, () => Context.current().cancelled)),
  };
}
