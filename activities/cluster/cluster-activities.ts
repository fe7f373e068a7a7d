import { firstRequests } from '../../domain/admission/first-requests.js';
import { DEFAULT_PRIORITY } from '../../domain/admission/priority.js';
import type { ClusterActivities } from '../../domain/contracts/activities.js';
import type { MigrateRequest } from '../../domain/contracts/request.js';
import type { EpochRef, NodeName, Vmid } from '../../domain/ids.js';
import type { FenceInput, FenceResult, NodeProbe, NodeProbeInput } from '../../domain/contracts/fencing.js';
import type { ClusterFacts } from '../../domain/contracts/facts.js';
import type { CommitToken, GuestLock } from '../../domain/contracts/ports.js';
import type { SlotAnswer, SlotAsker, SlotNeed, SlotReleases, SlotRequests } from '../../domain/contracts/slots.js';
import type { RunState } from '../../domain/contracts/run-state.js';
import { parseMigrateRequest } from '../../domain/edge/migrate-request.js';
import { both } from '../../hypervisor/both.js';
import { failpoint } from '../../hypervisor/failpoint.js';
import { parseSettleRequest } from '../../domain/edge/settle-request.js';
import { atTheEdge } from '../at-the-edge.js';

export interface ClusterActivityDeps {
  readonly token: CommitToken;
  readonly lock: GuestLock;
  readonly now: () => Date;
  gatherFacts(vmid: number): Promise<ClusterFacts>;
  probeNode(input: NodeProbeInput): Promise<NodeProbe>;
  fenceDelayMs(input: FenceInput): number | null;
  fenceNode(input: FenceInput): Promise<FenceResult>;
  /** Names of all members. */
  nodes(): Promise<readonly NodeName[]>;
  /** The node that holds the guest's config. */
  configNode(vmid: Vmid): Promise<NodeName | null>;
  /** What a migration between two nodes has to ask for. */
  slotsBetween(source: NodeName, target: NodeName): readonly SlotNeed[];
  requestSlots(input: SlotRequests): Promise<readonly SlotAnswer[]>;
  releaseSlots(input: SlotReleases): Promise<void>;
  /** Whether anybody is still at work on a migration. */
  readRun(migration: EpochRef & { readonly workflowId: string }): Promise<RunState>;
}

/** What needs only the cluster file system, on queue `migrations`. */
export function createClusterActivities(deps: ClusterActivityDeps): ClusterActivities {
  const forgetEpoch = async ({ vmid, epoch }: EpochRef): Promise<void> => {
    await failpoint('cluster.forget.before');
    await deps.token.forget(vmid, epoch);
    await failpoint('cluster.forget.after');
  };
  const unlockGuest = async ({ vmid, epoch }: EpochRef, last?: Promise<void>): Promise<void> => {
    await failpoint('cluster.unlock.before');
    await deps.lock.release(vmid, epoch, last);
    await failpoint('cluster.unlock.after');
  };
  return atTheEdge<ClusterActivities>({
    openRequest: async (raw, asker) => {
      const request = parseMigrateRequest(raw);
      const cluster = await withRunOfOwner(deps, request.vmid, await deps.gatherFacts(request.vmid));
      const slots = slotsFor(deps, request.target, cluster);
      const atMs = deps.now().getTime();
      const isFirst = asker !== undefined && slots.length > 0 && cluster.lockOwner?.epoch !== asker.epoch;
      const answers = isFirst ? await askFor(deps, request, asker, { slots, atMs }) : null;
      return { request, cluster, slots, atMs, ...(answers === null ? {} : { answers }) };
    },
    lockGuest: async ({ vmid, epoch, node, nodes, workflowId, requestedBy, reason }) => {
      await failpoint('cluster.lock.before');
      await deps.lock.take(vmid, node, {
        epoch, workflowId, requestedBy, since: deps.now().toISOString(), ...(reason === undefined ? {} : { reason }), ...(nodes === undefined ? {} : { nodes }),
      });
      await failpoint('cluster.lock.after');
    },
    unlockGuest: (ref) => unlockGuest(ref),
    readDecision: ({ vmid, epoch }) => deps.token.read(vmid, epoch),
    decideAborted: ({ vmid, epoch }) => deps.token.decide(vmid, epoch, 'aborted'),
    forgetEpoch,
    endEpoch: async (ref) => {
      const forgotten = forgetEpoch(ref);
      await both(forgotten, unlockGuest(ref, forgotten));
    },
    probeNode: (input) => deps.probeNode(input),
    fenceDelayMs: (input) => Promise.resolve(deps.fenceDelayMs(input)),
    fenceNode: (input) => deps.fenceNode(input),
    openSettlement: async (raw) => {
      const request = parseSettleRequest(raw);
      const [owner, configNode, members] = await Promise.all([deps.lock.owner(request.vmid), deps.configNode(request.vmid), deps.nodes()]);
      return { request, owner, configNode, members };
    },
    readRun: (migration) => deps.readRun(migration),
    requestSlots: (input) => deps.requestSlots(input),
    releaseSlots: (input) => deps.releaseSlots(input),
    listNodes: () => deps.nodes(),
  });
}

/** null: the request did not leave. The workflow asks again then. */
async function askFor(deps: ClusterActivityDeps, { vmid, priority = DEFAULT_PRIORITY }: MigrateRequest, asker: SlotAsker, { slots, atMs }: { readonly slots: readonly SlotNeed[]; readonly atMs: number }): Promise<readonly SlotAnswer[] | null> {
  const requests = firstRequests(slots, { vmid, ...asker, priority }, atMs);
  return deps.requestSlots({ vmid, requests }).catch(() => null);
}

/** Only between members: a mistyped name gets no ledger. */
function slotsFor({ slotsBetween }: ClusterActivityDeps, target: NodeName, { guest, members }: ClusterFacts): readonly SlotNeed[] {
  return guest !== null && members.some(({ name }) => name === target) ? slotsBetween(guest.node, target) : [];
}

/** A lock whose run is closed is refused in other words: it is about to be released. */
async function withRunOfOwner({ readRun }: ClusterActivityDeps, vmid: Vmid, facts: ClusterFacts): Promise<ClusterFacts> {
  const { lockOwner: owner } = facts;
  return owner === null ? facts : { ...facts, lockRun: await readRun({ vmid, epoch: owner.epoch, workflowId: owner.workflowId }) };
}
