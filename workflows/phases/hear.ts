import { messageOf } from '../../domain/errors.js';
import type { NodeName } from '../../domain/ids.js';
import type { InDoubt } from '../../domain/resolve/decide-in-doubt.js';
import type { Steps } from '../proxies.js';
import type { MigrationRun } from '../run.js';

export interface Heard {
  readonly known: InDoubt;
  /** Who did not answer, and why. */
  readonly silences: readonly string[];
  readonly silentNodes: readonly NodeName[];
}

/** What cluster, source and target say of this migration now. A node that does not answer is part of the evidence. */
export async function hear(run: MigrationRun): Promise<Heard> {
  const { ref, plan, steps, probe, operator } = run;
  // One who was vouched for may still speak, but a guest that stands still does not wait long for it.
  const stepsOf = (node: NodeName): Steps => (operator.fenced.includes(node) ? probe : steps);
  const silences: string[] = [];
  const ask = <T>(who: string, question: Promise<T>): Promise<T | null> =>
    question.catch((error: unknown) => {
      silences.push(`${who} does not answer: ${messageOf(error)}`);
      return null;
    });
  const [decision, source, target] = await Promise.all([
    ask('the cluster', steps.cluster.readDecision(ref)),
    ask(plan.source, stepsOf(plan.source).source.resolveSource(ref)),
    ask(plan.target, stepsOf(plan.target).target.resolveTarget(ref)),
  ]);
  return {
    known: { vmid: ref.vmid, sourceNode: plan.source, targetNode: plan.target, decision, source, target, fenced: operator.fenced },
    silences,
    silentNodes: [...(source === null ? [plan.source] : []), ...(target === null ? [plan.target] : [])],
  };
}
