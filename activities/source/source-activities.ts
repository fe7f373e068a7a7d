import type { InspectInput, Planned, SourceActivities } from '../../domain/contracts/activities.js';
import type { EpochRef } from '../../domain/ids.js';
import { isCold, type ColdPlan } from '../../domain/contracts/plan.js';
import type { CommitToken } from '../../domain/contracts/ports.js';
import type { NodeProbe, NodeProbeInput } from '../../domain/contracts/fencing.js';
import type { NodeFacts } from '../../domain/contracts/facts.js';
import { MigrationError } from '../../domain/errors.js';
import { nameOf } from '../../domain/guest/name-of.js';
import { estimateEtaSeconds } from '../../domain/convergence/eta.js';
import { failpoint } from '../../hypervisor/failpoint.js';
import type { ColdSourceSession } from '../../hypervisor/cold/source-session.js';
import type { ColdSourceSessions } from '../../hypervisor/cold/source-sessions.js';
import type { SourceSessions } from '../../hypervisor/qemu/migration/source-sessions.js';
import { atTheEdge, beatWith, cancellationSignal, whenCancelled } from '../at-the-edge.js';
import { copyFigures, memoryFigures } from '../live-figures.js';
import { livePlan } from '../plan-kind.js';

export interface SourceActivityDeps {
  readonly sessions: SourceSessions;
  readonly cold: ColdSourceSessions;
  /** The plan of an epoch in this node's journal; null: a live one, or none. */
  coldPlan(ref: EpochRef): Promise<ColdPlan | null>;
  readonly token: CommitToken;
  /** An attempt of this migration found its workflow closed. */
  onOrphaned?(ref: EpochRef): void;
  inspect(input: InspectInput): Promise<NodeFacts>;
  probePeer(input: NodeProbeInput): Promise<NodeProbe>;
  log(sentence: string): void;
}

/** What the source node does, on queue `node-<source>`. Each is safe to repeat: it looks before it acts. */
export function createSourceActivities(deps: SourceActivityDeps): SourceActivities {
  const { sessions, cold } = deps;
  return atTheEdge<SourceActivities>({
    inspectSource: (input) => deps.inspect(input),
    prepareSource: ({ plan, ...ref }) => (isCold(plan) ? cold.prepare(ref, plan, ref.workflowId) : sessions.prepare(ref, plan, ref.workflowId)),
    syncDisks: async (input) => {
      const session = await sessions.current(input, livePlan(input.plan, 'sync disks'));
      return session.syncDisks(input.endpoints, showCopying(), cancellationSignal());
    },
    syncVolumes: async (input) => (await coldSession(input)).syncVolumes(input.endpoints, showCopying(), cancellationSignal()),
    handOverCold: async (input) => {
      const session = await coldSession(input);
      // Losing this attempt (Temporal away, a worker that restarts) is no reason to call the guest back; only the workflow is.
      return whenCancelled(session.switchOver(input.endpoints, showCopying()), () => {
        deps.log(`${nameOf(input.plan).toUpperCase()}: ${input.epoch}: called off by its workflow`);
        session.callOff();
      });
    },
    limitBandwidth: async (input) => {
      const session = isCold(input.plan) ? await cold.current(input, input.plan) : await sessions.current(input, input.plan);
      return session.limitBandwidth(input.bandwidthBytesPerSecond);
    },
    precopy: async (input) => {
      const session = await sessions.current(input, livePlan(input.plan, 'copy memory'));
      return session.precopy(input, cancellationSignal(), (sample) => beatWith(memoryFigures(sample, estimateEtaSeconds([sample]))));
    },
    switchover: async (input) => (await sessions.current(input, livePlan(input.plan, 'switch over'))).switchover(cancellationSignal()),
    rollbackSource: ({ plan, ...ref }) => (isCold(plan) ? cold.rollback(ref, plan) : sessions.rollback(ref, plan, cancellationSignal())),
    cleanupSource: async ({ plan, keepDisks = false, ...ref }) => {
      const done = isCold(plan) ? await cold.cleanup(ref, plan, { keepDisks }) : await sessions.cleanup(ref, plan, { keepDisks });
      deps.log(`${nameOf(plan).toUpperCase()}: ${ref.epoch} is committed, the guest belongs to ${plan.target}: nothing is done to it here, only this node's side of the migration was cleaned up`);
      return done;
    },
    resolveSource: async (input) => {
      const plan = await deps.coldPlan(input);
      return plan === null ? sessions.evidence(input) : cold.evidence(input, plan);
    },
    decideAborted: async (input) => {
      await failpoint('source.abort.before');
      const decision = await deps.token.decide(input.vmid, input.epoch, 'aborted');
      await failpoint('source.abort.after');
      return decision;
    },
    probePeer: (input) => deps.probePeer(input),
  }, (input) => deps.onOrphaned?.(input as EpochRef));

  function coldSession(input: Planned): Promise<ColdSourceSession> {
    if (isCold(input.plan)) return cold.current(input, input.plan);
    throw new MigrationError('Internal', `copy volumes failed: guest ${input.vmid}: its plan is a live migration`);
  }
}

/** Figures of a copy, with the next heartbeats. */
function showCopying(): (progress: { readonly doneBytes: number; readonly totalBytes: number; readonly trouble?: string | null }) => void {
  const begunAtMs = performance.now();
  return (progress) => beatWith(copyFigures(progress, performance.now() - begunAtMs));
}
