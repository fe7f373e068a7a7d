import { ApplicationFailure, CancellationScope, setHandler } from '@temporalio/workflow';
import type { NodeName } from '../../domain/ids.js';
import { mayGiveUp } from '../../domain/resolve/may-give-up.js';
import { confirmFenced, giveUp, retryNow, type ConfirmFencedInput, type OperatorInput } from '../messages.js';
import { hear } from '../phases/hear.js';
import type { MigrationRun } from '../run.js';
import { askForLife } from './ask-for-life.js';

/** Where the handlers find the migration, once it is planned. */
export interface OperatorDesk {
  run: MigrationRun | null;
}

/**
 * The three things an operator can say while a migration can't go on by itself. Each validator looks at what the workflow knows;
 * what has to be asked first is asked by the handler, and its refusal is the update's failure. Each leaves an incident.
 */
export function installOperatorHandlers(desk: OperatorDesk): void {
  setHandler(confirmFenced, (input) => shielded(() => takeFenced(runOf(desk), input)), {
    description: 'Your word that a silent node is switched off or has been rebooted; it stands for the HANDOVER of its guest: {"node": "pve1", "by": "name"}. Refused while the node answers on any network.',
    validator: (input) => {
      requireAuthor(input?.by);
      if (typeof input?.node !== 'string') throw invalid('node: the name of a node is needed');
      requireInQuestion(runOf(desk), input.node);
    },
  });
  setHandler(retryNow, (input) => {
    const run = runOf(desk);
    run.state.incident(`${authorOf(input)} asked at ${now()} to try again at once what was waited for: ${run.state.progress.waitingFor ?? ''}`);
    run.operator.retryNow();
    return 'whatever is waited for is tried again now';
  }, {
    description: 'Ends the current pause and tries again at once: {"by": "name"}.',
    validator: (input) => {
      requireAuthor(input?.by);
      requireWaiting(runOf(desk));
    },
  });
  setHandler(giveUp, (input) => shielded(() => takeGiveUp(runOf(desk), input)), {
    description: 'Ends a migration that waits, before its commit, in favour of the source: what can be reached is undone, the rest is recorded and undone when its node is back: {"by": "name"}. Refused where it would risk two copies or the only one.',
    validator: (input) => {
      requireAuthor(input?.by);
      requireWaiting(runOf(desk));
      requireUncommitted(runOf(desk));
    },
  });
}

async function takeFenced(run: MigrationRun, input: ConfirmFencedInput): Promise<string> {
  const { node } = input;
  const { answers, silences } = await askForLife(run, node);
  if (answers.length > 0) {
    // It may have come back just now: then it can speak for itself.
    run.operator.retryNow();
    throw refused(run, `${node} is not fenced: ${answers.join('; ')}. Switch it off, or bring its agent back: then nobody has to vouch for it`);
  }
  requireInQuestion(run, node);
  run.state.incident(`${authorOf(input)} confirmed at ${now()} that ${node} is fenced: switched off, or rebooted since; asked before: ${silences.join('; ')}`);
  run.operator.confirmFenced(node);
  return `${node} counts as fenced: it was asked on every way and did not answer`;
}

async function takeGiveUp(run: MigrationRun, input: OperatorInput): Promise<string> {
  const { reason } = run.decided === 'aborted' ? { reason: 'the token says aborted' } : await weigh(run);
  requireUncommitted(run);
  run.state.incident(`${authorOf(input)} gave it up at ${now()}: ${reason}`);
  run.operator.giveUp();
  return `it is given up: ${reason}`;
}

async function weigh(run: MigrationRun): Promise<{ readonly reason: string }> {
  const verdict = mayGiveUp((await hear(run)).known);
  if (!verdict.allowed) throw refused(run, `it can't be given up: ${verdict.reason}`);
  return verdict;
}

function runOf({ run }: OperatorDesk): MigrationRun {
  if (run === null) throw ApplicationFailure.nonRetryable('refused: nothing was touched yet, so nothing is waited for', 'OperatorRefused');
  return run;
}

/** A cancellation of the migration does not take back what an operator is saying. */
const shielded = <T>(work: () => Promise<T>): Promise<T> => CancellationScope.nonCancellable(work);

function requireInQuestion(run: MigrationRun, node: NodeName): void {
  const { plan, state, operator } = run;
  if (node !== plan.source && node !== plan.target) throw refused(run, `${node} has no part in it, only ${plan.source} and ${plan.target}`);
  if (operator.fenced.includes(node)) throw refused(run, `${node} was confirmed before`);
  if (!state.nodesWaitedFor.includes(node)) throw refused(run, `${node} is not in question, nothing waits for it`);
}

function requireWaiting(run: MigrationRun): void {
  if (run.state.progress.waitingFor === null) throw refused(run, `nothing is waited for, it is in phase ${run.state.phase}; \`ferry cancel ${run.plan.vmid}\` stops it`);
}

function requireUncommitted(run: MigrationRun): void {
  const { decided, plan } = run;
  if (decided === 'committed') throw refused(run, `it is committed: the guest belongs to ${plan.target}, and it only goes forward`);
}

function requireAuthor(by: unknown): void {
  if (by !== undefined && (typeof by !== 'string' || by.length > 200)) throw invalid('by: a name is needed, or nothing');
}

const authorOf = ({ by }: OperatorInput): string => (by === undefined || by === '' ? 'an operator' : by);
const now = (): string => new Date().toISOString();

const refused = ({ plan }: Pick<MigrationRun, 'plan'>, cause: string): ApplicationFailure =>
  ApplicationFailure.nonRetryable(`refused: migration of vm ${plan.vmid}: ${cause}`, 'OperatorRefused');
const invalid = (cause: string): ApplicationFailure => ApplicationFailure.nonRetryable(`refused: ${cause}`, 'InvalidInput');
