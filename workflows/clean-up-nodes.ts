/**
 * What a migration left on nodes that were fenced or given up, started by the migration when it ended without them:
 *
 * - wait for each node, for as long as it takes, and let it clean its side by the token's word
 * - then forget the epoch: until here the token had to stay
 */
import { setHandler } from '@temporalio/workflow';
import type { Planned } from '../domain/contracts/activities.js';
import { messageOf } from '../domain/errors.js';
import { codeOf } from './failures.js';
import { progressQuery } from './messages.js';
import { OperatorWord } from './operator/word.js';
import { persist, type Waiter } from './persist.js';
import { stepsFor, type Steps } from './proxies.js';
import { MigrationState } from './state.js';

export interface LeftOver {
  readonly planned: Planned;
  readonly sides: readonly ('source' | 'target')[];
  readonly decided: 'committed' | 'aborted';
  /** The guest was not seen running on the target: the source's disks are kept. */
  readonly keepDisks: boolean;
}

/** Returns a sentence for each node. */
export async function cleanUpNodes({ planned, sides, decided, keepDisks }: LeftOver): Promise<readonly string[]> {
  const { plan, vmid, epoch } = planned;
  const state = new MigrationState(vmid, plan.target);
  state.source = plan.source;
  state.enter('cleanup', `waiting for ${sides.map((side) => plan[side]).join(' and ')} to be back`);
  setHandler(progressQuery, () => state.progress, { description: 'Which nodes are waited for.' });
  const nodes = [plan.source, plan.target, vmid] as const;
  const waiter: Waiter = { state, steps: stepsFor(...nodes), patient: stepsFor(...nodes, 'patient'), operator: new OperatorWord() };
  const done = await Promise.all(sides.map((side) => cleanUp(waiter, plan[side], (steps) => STEPS[decided][side](steps, planned, keepDisks))));
  await persist(waiter, 'forget the epoch', (s) => s.cluster.forgetEpoch({ vmid, epoch }));
  state.enter('completed', done.join('; '));
  return done;
}

async function cleanUp(waiter: Waiter, node: string, step: (steps: Steps) => Promise<unknown>): Promise<string> {
  try {
    await persist(waiter, `clean up ${node}`, step, { calm: true });
    return `${node} is clean`;
  } catch (error) {
    return `clean up ${node}: ${codeOf(error)}: ${messageOf(error)}`;
  }
}

type Step = (steps: Steps, planned: Planned, keepDisks: boolean) => Promise<unknown>;

const STEPS: Readonly<Record<'committed' | 'aborted', Readonly<Record<'source' | 'target', Step>>>> = {
  committed: {
    source: (steps, planned, keepDisks) => steps.source.cleanupSource({ ...planned, keepDisks }),
    target: (steps, planned) => steps.target.cleanupTarget(planned),
  },
  aborted: {
    source: (steps, planned) => steps.source.rollbackSource(planned),
    target: (steps, { vmid, epoch }) => steps.target.releaseReservation({ vmid, epoch }),
  },
};
