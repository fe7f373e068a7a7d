import type { Decision } from '../../domain/contracts/activities.js';
import { messageOf } from '../../domain/errors.js';
import { decideInDoubt, stoppedForGood, type InDoubt } from '../../domain/resolve/decide-in-doubt.js';
import { mayGiveUp } from '../../domain/resolve/may-give-up.js';
import { FenceHook } from '../operator/fence-hook.js';
import { Patience, persist } from '../persist.js';
import type { MigrationRun } from '../run.js';
import { hear } from './hear.js';

/**
 * After a failure: makes the decision, or learns which one was made. Asks until somebody answers.
 * Before the switch was possible the token is simply renamed to `aborted`; later both nodes are heard first.
 */
export async function settle(run: MigrationRun): Promise<'committed' | 'aborted'> {
  const decision = await decide(run);
  run.decided = decision;
  return decision;
}

async function decide(run: MigrationRun): Promise<'committed' | 'aborted'> {
  if (!run.tokenPossible) return 'aborted';
  const { plan, state } = run;
  state.enter('deciding', `whether vm ${plan.vmid} goes on on ${plan.source} or ${plan.target}`);
  if (!run.switchPossible) return abort(run);
  const patience = new Patience(run, 'decide who owns the guest');
  const hook = new FenceHook(run);
  try {
    for (;;) {
      const { known, silences, silentNodes } = await hear(run);
      const outcome = run.operator.givesUp ? await giveUp(run, known) : await carryOut(run, known);
      if (outcome === 'committed' || outcome === 'aborted') {
        patience.end();
        return outcome;
      }
      hook.consider(known);
      await patience.pause([outcome.stillOpen, ...silences].join('; '), { wakes: returnOfSilent(run, known), nodes: silentNodes });
    }
  } finally {
    hook.end();
  }
}

interface Open {
  readonly stillOpen: string;
}

async function carryOut(run: MigrationRun, known: InDoubt): Promise<'committed' | 'aborted' | Open> {
  const { action, reason, waitingFor } = decideInDoubt(known);
  switch (action) {
    case 'forward':
      return 'committed';
    case 'back':
      return 'aborted';
    case 'wait':
      return { stillOpen: `${reason}; waiting for ${waitingFor}` };
    case 'abort':
      // Going back before the hand-over is what every cancellation does.
      if (known.source === null || stoppedForGood(known.source)) run.state.incident(`abort: ${reason}`);
      return abort(run);
    case 'let-commit':
      return letCommit(run, reason);
  }
}

/** Judged again by the evidence of this moment: between the operator's word and now a node may have come back. */
async function giveUp(run: MigrationRun, known: InDoubt): Promise<'committed' | 'aborted' | Open> {
  const { allowed, reason } = mayGiveUp(known);
  if (allowed) return abort(run);
  run.operator.dropGiveUp();
  run.state.incident(`it was not given up after all: ${reason}`);
  return carryOut(run, known);
}

/** The target may find its copy gone after all: then the next round of evidence says so. */
async function letCommit(run: MigrationRun, reason: string): Promise<'committed' | Open> {
  try {
    await run.steps.target.finishCommit(run.planned);
    run.state.incident(`${run.plan.target} was told to commit: ${reason}`);
    return 'committed';
  } catch (error) {
    return { stillOpen: messageOf(error) };
  }
}

/** By the source's agent, else the target's, else any node of the cluster: whoever can write the token. */
function abort(run: MigrationRun): Promise<'committed' | 'aborted'> {
  const { source, target, cluster } = run.steps;
  return persist(run, 'write the decision', async () => {
    const failures: string[] = [];
    for (const activities of [source, target, cluster]) {
      try {
        return outcomeOf(await activities.decideAborted(run.ref));
      } catch (error) {
        failures.push(messageOf(error));
      }
    }
    throw new Error(failures.join('; '));
  });
}

/** `none`: no token was made, so nothing can be committed. */
function outcomeOf(decision: Decision): 'committed' | 'aborted' {
  if (decision === 'undecided') throw new Error('the token is still undecided');
  return decision === 'committed' ? 'committed' : 'aborted';
}

/** One long question to each node that was silent: its answer ends the pause, and days of waiting cost little history. */
const returnOfSilent = ({ patient, ref }: MigrationRun, { source, target }: InDoubt): readonly (() => Promise<unknown>)[] => [
  ...(source === null ? [() => patient.source.resolveSource(ref)] : []),
  ...(target === null ? [() => patient.target.resolveTarget(ref)] : []),
];
