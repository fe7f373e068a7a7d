import type { Decision, SourceEvidence, TargetEvidence } from '../contracts/activities.js';
import type { NodeName, Vmid } from '../ids.js';

/** What is known when a migration broke at a moment at which the guest may already have changed owner. */
export interface InDoubt {
  readonly vmid: Vmid;
  readonly sourceNode: NodeName;
  readonly targetNode: NodeName;
  /** What the cluster file system says; null when it could not be read. */
  readonly decision: Decision | null;
  /** null: the node does not answer. */
  readonly source: SourceEvidence | null;
  readonly target: TargetEvidence | null;
  /** Nodes an operator (or a fence command) vouches for: off, or rebooted since. What such a node says itself counts for more. */
  readonly fenced: readonly NodeName[];
}

/** What to do next. `abort` and `let-commit` try to make the decision; the token still has the last word. */
export interface Resolution {
  readonly action: 'forward' | 'back' | 'let-commit' | 'abort' | 'wait';
  readonly reason: string;
  /** For `wait`: what an operator has to check, and how to say so. */
  readonly waitingFor: string | null;
}

/**
 * The table "when something breaks" of the handover protocol:
 * - the token is decided: obey it;
 * - there is no token: it was never made (go back), or it is forgotten because all is done: then the guest is where its config is;
 * - the source has not stopped its copy for good: abort, it keeps the guest;
 * - it has, and the target holds a whole copy: let the target commit; it holds none: abort; it does not answer:
 *   abort, but wait for it when the source's QEMU is gone, as it may hold the only copy;
 * - the source does not answer: a whole copy on the target is kept until the source speaks; without one, abort;
 * - a silent source that was fenced: as if it had sent HANDOVER; a silent target that was fenced holds no copy;
 * - nobody answers, or both copies claim to run: wait, visibly.
 */
export function decideInDoubt(known: InDoubt): Resolution {
  const decision = decisionOf(known);
  if (decision === 'committed') return act('forward', 'the token says committed');
  if (decision === 'aborted') return act('back', 'the token says aborted');
  if (decision === 'none') return withoutToken(known);
  if (decision === null) return wait('the cluster file system cannot be read', 'the cluster file system to be readable');
  return undecided(known);
}

function withoutToken({ source, target, targetNode }: InDoubt): Resolution {
  if (target?.configHere === true) return act('forward', `the token is forgotten and the guest belongs to ${targetNode}`);
  if (target === null && source?.qemu !== 'running') return wait('there is no commit token (any more)', `${targetNode} to say whether the guest is there`);
  return act('back', 'no commit token was ever made');
}

function undecided(known: InDoubt): Resolution {
  const { vmid, source, target, sourceNode, targetNode, fenced } = known;
  if (source === null) return withoutSource(known);
  if (source.qemu === 'running' && target?.qemu === 'running') {
    return wait('both copies claim to run', `an operator: the guest runs on ${sourceNode} and on ${targetNode}; stop the one on the node that does not hold its config, then \`ferry resolve ${vmid} --retry-now\``);
  }
  if (!stoppedForGood(source)) return act('abort', `the copy on ${sourceNode} has not been handed over`);
  if (target === null) {
    if (source.qemu !== 'stopped') return act('abort', `${targetNode} does not answer and has not committed`);
    return fenced.includes(targetNode)
      ? act('abort', `no copy is left: the one on ${sourceNode} has ended, ${targetNode} was fenced`)
      : wait(`no copy is left on ${sourceNode} and ${targetNode} does not answer`,
        `${targetNode} to say whether it holds a whole copy. ${ifLost(vmid, targetNode)}; the guest then has to be started on ${sourceNode}`);
  }
  return holdsWholeCopy(target)
    ? act('let-commit', `the copy on ${sourceNode} is stopped for good and ${targetNode} holds a whole one`)
    : act('abort', `${targetNode} holds no whole copy`);
}

function withoutSource({ vmid, target, sourceNode, targetNode, fenced }: InDoubt): Resolution {
  if (target === null) {
    return fenced.includes(targetNode)
      ? act('abort', `${sourceNode} does not answer and ${targetNode} was fenced, so nothing can go on there`)
      : wait('neither node answers', `${sourceNode} or ${targetNode} to answer. ${ifLost(vmid, targetNode)}; the guest then stays with ${sourceNode}`);
  }
  if (!holdsWholeCopy(target)) return act('abort', `${sourceNode} does not answer and ${targetNode} holds no whole copy`);
  return fenced.includes(sourceNode)
    ? act('let-commit', `${targetNode} holds a whole copy and ${sourceNode} was fenced, which stands for its HANDOVER`)
    : wait(`${targetNode} holds a whole copy, but ${sourceNode} has not said that its own is stopped`,
      `${sourceNode} to answer. ${ifLost(vmid, sourceNode)}; the guest then goes on on ${targetNode}`);
}

/** What the operator vouches for stands in the sentence: power, not silence. */
const ifLost = (vmid: Vmid, node: NodeName): string =>
  `If ${node} can't come back: make sure that it is switched off or has been rebooted since, then \`ferry resolve ${vmid} --confirm-fenced ${node}\``;

/** The silent node whose fencing alone would settle it and risks no copy: a source that may have stopped, with a whole copy on the target. null: none. */
export function worthFencing(known: InDoubt): NodeName | null {
  const { source, target, sourceNode, fenced } = known;
  const settles = decisionOf(known) === 'undecided' && source === null && target !== null && holdsWholeCopy(target);
  return settles && !fenced.includes(sourceNode) ? sourceNode : null;
}

/** Any reader's "decided" counts: the rename happens once. `undecided` is only believed when nobody knows better. */
export function decisionOf({ decision, source, target }: Pick<InDoubt, 'decision' | 'source' | 'target'>): Decision | null {
  const heard = [decision, source?.decision ?? null, target?.decision ?? null];
  for (const final of ['committed', 'aborted', 'undecided', 'none'] as const) {
    if (heard.includes(final)) return final;
  }
  return null;
}

/** Journal `handed-over`, or QEMU beyond `completed` (rule 2 forbids the agent to resume it), or no QEMU at all. */
export const stoppedForGood = (source: SourceEvidence): boolean =>
  source.journalState === 'handed-over' || source.qemu === 'postmigrate' || source.qemu === 'stopped';

const holdsWholeCopy = (target: TargetEvidence): boolean =>
  target.migrationStatus === 'completed' && target.qemu !== 'stopped' && target.qemu !== 'inmigrate';

const act = (action: Resolution['action'], reason: string): Resolution => ({ action, reason, waitingFor: null });
const wait = (reason: string, waitingFor: string): Resolution => ({ action: 'wait', reason, waitingFor });
