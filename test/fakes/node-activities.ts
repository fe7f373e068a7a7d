import type { NodeActivities, Planned } from '../../domain/contracts/activities.js';
import type { World } from './world.js';

/** The journal of one side, as a settlement reads it. Entries are closed when the world's side has no journal state any more. */
export function nodeActivities(world: World, side: 'source' | 'target', node: string): NodeActivities {
  return {
    readLedger: ({ vmid, epoch }) => {
      const noted = world.noted[side];
      if (noted?.epoch !== epoch) return Promise.resolve(null);
      const { journal } = world[side];
      return Promise.resolve({ vmid, epoch, role: side, closed: journal === null, lastState: journal, plan: noted.plan, workflowId: noted.workflowId ?? null });
    },
    reconcileNode: () => Promise.resolve({ node, findings: [], settling: [] }),
  };
}

/** The first record of the entry. */
export const note = (world: World, side: 'source' | 'target', { vmid, epoch, plan, workflowId }: Planned): void => {
  world.noted[side] = { vmid, epoch, plan, ...(workflowId === undefined ? {} : { workflowId }) };
};
