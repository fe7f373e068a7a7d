import type { EpochRef, TargetActivities } from '../../domain/contracts/activities.js';
import type { CommitToken } from '../../domain/contracts/ports.js';
import type { NodeProbe, NodeProbeInput } from '../../domain/contracts/fencing.js';
import type { NodeFacts } from '../../domain/contracts/facts.js';
import type { LiveNote } from '../../domain/contracts/progress.js';
import { failpoint } from '../../hypervisor/failpoint.js';
import type { TargetSessions } from '../../hypervisor/qemu/incoming/target-sessions.js';
import { renderDuration } from '../../domain/units.js';
import { atTheEdge, cancellationSignal, whileTelling } from '../at-the-edge.js';

export interface TargetActivityDeps {
  readonly sessions: TargetSessions;
  readonly token: CommitToken;
  /** An attempt of this migration found its workflow closed. */
  onOrphaned?(ref: EpochRef): void;
  inspect(input: { readonly vmid: number; readonly storages: readonly string[] }): Promise<NodeFacts>;
  probePeer(input: NodeProbeInput): Promise<NodeProbe>;
}

/** What the target node does, on queue `node-<target>`. Each is safe to repeat: it looks before it acts. */
export function createTargetActivities(deps: TargetActivityDeps): TargetActivities {
  const { sessions } = deps;
  return atTheEdge<TargetActivities>({
    inspectTarget: (input) => deps.inspect(input),
    reserveTarget: (input) => sessions.reserve(input, input.plan),
    armTarget: (input) => whileTelling(() => armedNote(sessions.sourceSilentMs(input), input.plan.source), () => sessions.arm(input, input.plan, input.endpoints, cancellationSignal())),
    verifyRunning: (input) => sessions.verifyRunning(input, input.plan),
    releaseReservation: (input) => sessions.release(input),
    finishCommit: (input) => sessions.finishCommit(input, input.plan),
    cleanupTarget: (input) => sessions.cleanup(input),
    resolveTarget: (input) => sessions.evidence(input),
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
