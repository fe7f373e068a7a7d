import type { EpochRef, SourceActivities } from '../../domain/contracts/activities.js';
import type { CommitToken } from '../../domain/contracts/ports.js';
import type { NodeProbe, NodeProbeInput } from '../../domain/contracts/fencing.js';
import type { NodeFacts } from '../../domain/contracts/facts.js';
import { estimateEtaSeconds } from '../../domain/convergence/eta.js';
import { failpoint } from '../../hypervisor/failpoint.js';
import type { SourceSessions } from '../../hypervisor/qemu/migration/source-sessions.js';
import { atTheEdge, beatWith, cancellationSignal } from '../at-the-edge.js';
import { copyFigures, memoryFigures } from '../live-figures.js';

export interface SourceActivityDeps {
  readonly sessions: SourceSessions;
  readonly token: CommitToken;
  /** An attempt of this migration found its workflow closed. */
  onOrphaned?(ref: EpochRef): void;
  inspect(input: { readonly vmid: number; readonly storages: readonly string[] }): Promise<NodeFacts>;
  probePeer(input: NodeProbeInput): Promise<NodeProbe>;
  log(sentence: string): void;
}

/** What the source node does, on queue `node-<source>`. Each is safe to repeat: it looks before it acts. */
export function createSourceActivities(deps: SourceActivityDeps): SourceActivities {
  const { sessions } = deps;
  return atTheEdge<SourceActivities>({
    inspectSource: (input) => deps.inspect(input),
    prepareSource: (input) => sessions.prepare(input, input.plan, input.workflowId),
    syncDisks: async (input) => {
      const session = await sessions.current(input, input.plan);
      const begunAtMs = performance.now();
      return session.syncDisks(input.endpoints, (p) => beatWith(copyFigures(p, performance.now() - begunAtMs)), cancellationSignal());
    },
    limitBandwidth: async (input) => (await sessions.current(input, input.plan)).limitBandwidth(input.bandwidthBytesPerSecond),
    precopy: async (input) => {
      const session = await sessions.current(input, input.plan);
      return session.precopy(input, cancellationSignal(), (sample) => beatWith(memoryFigures(sample, estimateEtaSeconds([sample]))));
    },
    switchover: async (input) => (await sessions.current(input, input.plan)).switchover(cancellationSignal()),
    rollbackSource: (input) => sessions.rollback(input, input.plan, cancellationSignal()),
    cleanupSource: async (input) => {
      const done = await sessions.cleanup(input, input.plan, { keepDisks: input.keepDisks === true });
      deps.log(`VM ${input.vmid}: ${input.epoch} is committed, the guest belongs to ${input.plan.target}: nothing is done to it here, only this node's side of the migration was cleaned up`);
      return done;
    },
    resolveSource: (input) => sessions.evidence(input),
    decideAborted: async (input) => {
      await failpoint('source.abort.before');
      const decision = await deps.token.decide(input.vmid, input.epoch, 'aborted');
      await failpoint('source.abort.after');
      return decision;
    },
    probePeer: (input) => deps.probePeer(input),
  }, (input) => deps.onOrphaned?.(input as EpochRef));
}
