import type { Epoch, EpochRef, NodeName } from '../ids.js';
import type { Finding, LedgerEntry, NodeSurvey } from '../contracts/reconcile.js';
import type { RunState } from '../contracts/run-state.js';
import { judgeClaims } from './judge-claims.js';
import { judgeThings } from './judge-things.js';

/** A migration of which something is left, and whom to ask whether it runs. */
export interface Trace extends EpochRef {
  /** null: nobody noted it. */
  readonly workflowId: string | null;
  readonly nodes: readonly NodeName[];
  /** What there is of it: `source journal (migrating)`, `lock`. */
  readonly subjects: readonly string[];
}

/** Every migration that left something this node answers for: its own open journal, and locks and tokens of its guests. */
export function tracesOf(survey: NodeSurvey): readonly Trace[] {
  const traces = new Map<Epoch, Trace>();
  const add = (ref: EpochRef, workflowId: string | null, nodes: readonly NodeName[], subject: string): void => {
    const known = traces.get(ref.epoch);
    traces.set(ref.epoch, {
      vmid: ref.vmid, epoch: ref.epoch, workflowId: known?.workflowId ?? workflowId,
      nodes: [...new Set([...(known?.nodes ?? []), ...nodes])], subjects: [...(known?.subjects ?? []), subject],
    });
  };
  for (const entry of survey.ledger.filter(({ closed }) => !closed)) add(entry, entry.workflowId, nodesOf(entry), `${entry.role} journal (${entry.lastState ?? 'opened'})`);
  for (const { entry, epoch, vmid, owner, subject } of judgeClaims(survey).traces) {
    add({ vmid, epoch }, owner?.workflowId ?? entry?.workflowId ?? null, entry === null ? [...new Set(owner?.nodes ?? [])] : nodesOf(entry), subject);
  }
  return [...traces.values()];
}

/**
 * What is to be done about everything one node sees. `runs`: the state of each trace's run.
 * Only what is named by a journal, or by a lock record of ours, is ever settled; everything else is listed.
 */
export function judgeNode(survey: NodeSurvey, runs: ReadonlyMap<Epoch, RunState>): readonly Finding[] {
  const damaged = survey.damaged.map(({ vmid, epoch, problem }): Finding => ({
    verdict: 'operator', vmid, epoch, subject: 'damaged journal entry', reason: problem, workflowId: null, nodes: [survey.node],
  }));
  return [
    ...tracesOf(survey).map((trace) => judgeTrace(trace, runs.get(trace.epoch) ?? 'unknown')),
    ...damaged,
    ...judgeClaims(survey).strangers,
    ...judgeThings(survey),
  ];
}

function judgeTrace({ vmid, epoch, workflowId, nodes, subjects }: Trace, run: RunState): Finding {
  const found = { vmid, epoch, workflowId, nodes, subject: subjects.join(', ') };
  switch (run) {
    case 'open':
      return { ...found, verdict: 'under-way', reason: `workflow ${workflowId ?? '?'} runs, or the one that waits for the nodes it had to leave` };
    case 'closed':
      return { ...found, verdict: 'settle', reason: `workflow ${workflowId ?? '?'} is closed and left it behind` };
    case 'gone':
      return { ...found, verdict: 'settle', reason: `the server knows no workflow ${workflowId ?? '?'} any more` };
    case 'unknown':
      return { ...found, verdict: 'unclear', reason: workflowId === null ? 'nobody noted which workflow it belongs to' : `whether workflow ${workflowId} runs could not be asked` };
  }
}

const nodesOf = ({ plan }: LedgerEntry): readonly NodeName[] => (plan === null ? [] : [plan.source, plan.target]);
