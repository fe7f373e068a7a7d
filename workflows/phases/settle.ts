import type { Decision, SourceEvidence, TargetEvidence } from '../../domain/contracts/activities.js';
import { messageOf } from '../../domain/errors.js';
import { decideInDoubt, type InDoubt, type Resolution } from '../../domain/resolve/decide-in-doubt.js';
import { Patience, persist } from '../persist.js';
import type { MigrationRun } from '../run.js';

/**
 * After a failure: makes the decision, or learns which one was made. Asks until somebody answers.
 * Before the switch was possible the token is simply renamed to `aborted`; later both nodes are heard first.
 */
export async function settle(run: MigrationRun): Promise<'committed' | 'aborted'> {
  if (!run.tokenPossible) return 'aborted';
  if (!run.switchPossible) return abort(run);
  const patience = new Patience(run, 'decide who owns the guest');
  for (;;) {
    const resolution = decideInDoubt(await hear(run));
    const outcome = await carryOut(run, resolution);
    if (outcome === 'committed' || outcome === 'aborted') {
      patience.end();
      return outcome;
    }
    await patience.pause(outcome.stillOpen);
  }
}

interface Open {
  readonly stillOpen: string;
}

async function carryOut(run: MigrationRun, { action, reason, waitingFor }: Resolution): Promise<'committed' | 'aborted' | Open> {
  switch (action) {
    case 'forward':
      return 'committed';
    case 'back':
      return 'aborted';
    case 'wait':
      return { stillOpen: `${reason}; waiting for ${waitingFor}` };
    case 'abort':
      run.state.incident(`abort: ${reason}`);
      return abort(run);
    case 'let-commit':
      return letCommit(run, reason);
  }
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

async function hear({ ref, plan, steps }: MigrationRun): Promise<InDoubt> {
  const [decision, source, target] = await Promise.all([
    steps.cluster.readDecision(ref).catch(() => null),
    steps.source.resolveSource(ref).catch((): SourceEvidence | null => null),
    steps.target.resolveTarget(ref).catch((): TargetEvidence | null => null),
  ]);
  return { sourceNode: plan.source, targetNode: plan.target, decision, source, target };
}
