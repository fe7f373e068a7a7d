import { decideInDoubt, decisionOf, type InDoubt } from './decide-in-doubt.js';

export interface GiveUpVerdict {
  readonly allowed: boolean;
  /** Why it may be given up, or what giving up would risk. */
  readonly reason: string;
}

/**
 * Whether an operator may end it in favour of the source: only where the token can still say `aborted`, the source's copy
 * (or what is left of the guest there) is known, and no other copy is thrown away that could be the only one.
 */
export function mayGiveUp(known: InDoubt): GiveUpVerdict {
  const { sourceNode, targetNode, source } = known;
  const decision = decisionOf(known);
  if (decision === 'committed') return no(`it is committed: the guest belongs to ${targetNode}, nothing goes back`);
  if (decision === null) return no('the cluster file system cannot be read, so the decision cannot be written');
  const { action, reason } = decideInDoubt(known);
  switch (action) {
    case 'back':
    case 'abort':
      return { allowed: true, reason };
    case 'forward':
      return no(reason);
    case 'let-commit':
      return source !== null && source.qemu !== 'stopped'
        ? { allowed: true, reason: `the copy on ${sourceNode} is stopped and can go on` }
        : no(`the copy on ${targetNode} is the only one`);
    case 'wait':
      return no(source?.qemu === 'running' ? `${reason}: that could leave two copies` : `${reason}: that could lose the only copy`);
  }
}

const no = (reason: string): GiveUpVerdict => ({ allowed: false, reason });
