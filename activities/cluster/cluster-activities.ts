import type { ClusterActivities } from '../../domain/contracts/activities.js';
import type { FenceInput, FenceResult, NodeProbe, NodeProbeInput } from '../../domain/contracts/fencing.js';
import type { ClusterFacts } from '../../domain/contracts/facts.js';
import type { CommitToken, GuestLock } from '../../domain/contracts/ports.js';
import { parseMigrateRequest } from '../../domain/edge/migrate-request.js';
import { failpoint } from '../../hypervisor/failpoint.js';
import { atTheEdge } from '../at-the-edge.js';

export interface ClusterActivityDeps {
  readonly token: CommitToken;
  readonly lock: GuestLock;
  readonly now: () => Date;
  gatherFacts(vmid: number): Promise<ClusterFacts>;
  probeNode(input: NodeProbeInput): Promise<NodeProbe>;
  fenceDelayMs(input: FenceInput): number | null;
  fenceNode(input: FenceInput): Promise<FenceResult>;
}

/** What needs only the cluster file system, on queue `migrations`. */
export function createClusterActivities(deps: ClusterActivityDeps): ClusterActivities {
  return atTheEdge<ClusterActivities>({
    openRequest: async (raw) => {
      const request = parseMigrateRequest(raw);
      return { request, cluster: await deps.gatherFacts(request.vmid) };
    },
    lockGuest: async ({ vmid, epoch, node, workflowId, requestedBy, reason }) => {
      await failpoint('cluster.lock.before');
      await deps.lock.take(vmid, node, {
        epoch, workflowId, requestedBy, since: deps.now().toISOString(), ...(reason === undefined ? {} : { reason }),
      });
      await failpoint('cluster.lock.after');
    },
    unlockGuest: async ({ vmid, epoch }) => {
      await failpoint('cluster.unlock.before');
      await deps.lock.release(vmid, epoch);
      await failpoint('cluster.unlock.after');
    },
    readDecision: ({ vmid, epoch }) => deps.token.read(vmid, epoch),
    decideAborted: ({ vmid, epoch }) => deps.token.decide(vmid, epoch, 'aborted'),
    forgetEpoch: async ({ vmid, epoch }) => {
      await failpoint('cluster.forget.before');
      await deps.token.forget(vmid, epoch);
      await failpoint('cluster.forget.after');
    },
    probeNode: (input) => deps.probeNode(input),
    fenceDelayMs: (input) => Promise.resolve(deps.fenceDelayMs(input)),
    fenceNode: (input) => deps.fenceNode(input),
  });
}
