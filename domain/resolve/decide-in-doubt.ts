import type { Decision, SourceEvidence, TargetEvidence } from '../contracts/activities.js';
import type { NodeName } from '../ids.js';

/** What is known when a migration broke at a moment at which the guest may already have changed owner. */
export interface InDoubt {
  readonly sourceNode: NodeName;
  readonly targetNode: NodeName;
  /** What the cluster file system says; null when it could not be read. */
  readonly decision: Decision | null;
  /** null: the node does not answer. */
  readonly source: SourceEvidence | null;
  readonly target: TargetEvidence | null;
}

/** What to do next. `abort` and `let-commit` try to make the decision; the token still has the last word. */
export interface Resolution {
  readonly action: 'forward' | 'back' | 'let-commit' | 'abort' | 'wait';
  readonly reason: string;
  /** For `wait`: the sentence an operator reads. */
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
 * - nobody answers, or both copies claim to run: wait, visibly.
 */
export function decideInDoubt(known: InDoubt): Resolution {
  const decision = decided(known);
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

function undecided({ source, target, sourceNode, targetNode }: InDoubt): Resolution {
  if (source === null) return withoutSource(target, sourceNode, targetNode);
  if (source.qemu === 'running' && target?.qemu === 'running') {
    return wait('both copies claim to run', `an operator: the guest runs on ${sourceNode} and on ${targetNode}, stop one of them`);
  }
  if (!stoppedForGood(source)) return act('abort', `the copy on ${sourceNode} has not been handed over`);
  if (target === null) {
    return source.qemu === 'stopped'
      ? wait(`no copy is left on ${sourceNode} and ${targetNode} does not answer`, `${targetNode} to say whether it holds a whole copy`)
      : act('abort', `${targetNode} does not answer and has not committed`);
  }
  return holdsWholeCopy(target)
    ? act('let-commit', `the copy on ${sourceNode} is stopped for good and ${targetNode} holds a whole one`)
    : act('abort', `${targetNode} holds no whole copy`);
}

function withoutSource(target: TargetEvidence | null, sourceNode: NodeName, targetNode: NodeName): Resolution {
  if (target === null) return wait('neither node answers', `${sourceNode} or ${targetNode} to answer`);
  return holdsWholeCopy(target)
    ? wait(`${targetNode} holds a whole copy, but ${sourceNode} has not said that its own is stopped`, `${sourceNode} to answer`)
    : act('abort', `${sourceNode} does not answer and ${targetNode} holds no whole copy`);
}

/** Any reader's "decided" counts: the rename happens once. `undecided` is only believed when nobody knows better. */
function decided({ decision, source, target }: InDoubt): Decision | null {
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
