import type { InspectInput, TargetActivities } from '../../domain/contracts/activities.js';
import type { EpochRef } from '../../domain/ids.js';
import { isCold, type ColdPlan } from '../../domain/contracts/plan.js';
import type { CommitToken } from '../../domain/contracts/ports.js';
import type { NodeProbe, NodeProbeInput } from '../../domain/contracts/fencing.js';
import type { NodeFacts } from '../../domain/contracts/facts.js';
import type { LiveNote } from '../../domain/contracts/progress.js';
import { MigrationError } from '../../domain/errors.js';
import { failpoint } from '../../hypervisor/failpoint.js';
import type { ColdTargetSessions } from '../../hypervisor/cold/target-sessions.js';
import type { TargetSessions } from '../../hypervisor/qemu/incoming/target-sessions.js';
import { renderDuration } from '../../domain/units.js';
import { atTheEdge, cancellationSignal, whileTelling } from '../at-the-edge.js';

export interface TargetActivityDeps {
  readonly sessions: TargetSessions;
  readonly cold: ColdTargetSessions;
  /** The plan of an epoch in this node's journal; null: a live one, or none. */
  coldPlan(ref: EpochRef): Promise<ColdPlan | null>;
  readonly token: CommitToken;
  /** An attempt of this migration found its workflow closed. */
  onOrphaned?(ref: EpochRef): void;
  inspect(input: InspectInput): Promise<NodeFacts>;
  probePeer(input: NodeProbeInput): Promise<NodeProbe>;
}

/** What the target node does, on queue `node-<target>`. Each is safe to repeat: it looks before it acts. */
export function createTargetActivities(deps: TargetActivityDeps): TargetActivities {
  const { sessions, cold } = deps;
  return atTheEdge<TargetActivities>({
    inspectTarget: (input) => deps.inspect(input),
    reserveTarget: ({ plan, ...ref }) => (isCold(plan) ? cold.reserve(ref, plan) : sessions.reserve(ref, plan)),
    armTarget: (input) => {
      const { plan, endpoints, ...ref } = input;
      const side = isCold(plan) ? cold : sessions;
      return whileTelling(() => armedNote(side.sourceSilentMs(ref), plan.source), () => {
        if (isCold(plan) && 'copy' in endpoints) return cold.arm(ref, plan, endpoints, cancellationSignal());
        if (!isCold(plan) && 'ram' in endpoints) return sessions.arm(ref, plan, endpoints, cancellationSignal());
        throw new MigrationError('Internal', `arm target failed: guest ${ref.vmid}: plan and endpoints are of two kinds of migration`);
      });
    },
    verifyRunning: ({ plan, ...ref }) => (isCold(plan) ? cold.verifyRunning(ref, plan) : sessions.verifyRunning(ref, plan)),
    releaseReservation: async (ref) => (await deps.coldPlan(ref) === null ? sessions.release(ref) : cold.release(ref)),
    finishCommit: ({ plan, ...ref }) => (isCold(plan) ? cold.finishCommit(ref, plan) : sessions.finishCommit(ref, plan)),
    cleanupTarget: ({ plan, ...ref }) => (isCold(plan) ? cold.cleanup(ref) : sessions.cleanup(ref)),
    resolveTarget: async (ref) => {
      const plan = await deps.coldPlan(ref);
      return plan === null ? sessions.evidence(ref) : cold.evidence(ref, plan);
    },
    decideAborted: async (input) => {
      await failpoint('target.abort.before');
      const decision = await deps.token.decide(input.vmid, input.epoch, 'aborted');
      await failpoint('target.abort.after');
      return decision;
    },
    probePeer: (input) => deps.probePeer(input),
  }, (input) => deps.onOrphaned?.(input as EpochRef));
}

/** A mute source does not disarm its target: only the workflow decides. But it is told of. */
export function armedNote(silentMs: number | null, source: string): LiveNote | null {
  return silentMs === null || silentMs < MUTE_AFTER_MS ? null : { note: `the target is armed, but nothing was heard from ${source} for ${renderDuration(silentMs)}` };
}

/** The source speaks twice a second, and dials again at least once a second. */
const MUTE_AFTER_MS = 5000;
