/**
 * Empties a node, started from the command line, a Schedule or Temporal's UI with one flat JSON object; `{"node":"pve1"}` is enough:
 *
 * - open: parse the input; bad input fails the workflow at once with its sentence
 * - cordon: nothing new is placed on the node from here on, until somebody lifts it
 * - survey every node and plan; a dry run ends here, an approval is waited for here
 * - move: each guest is a `migrateGuest` of its own that outlives this workflow, by the plan's order, within the concurrency, the maintenance
 *   window and the applications' rule, canaries first (`decideNext` is the only place that decides it)
 * - a guest that fails stays where it was and is planned again, elsewhere where its target was in the way; so are all when the cluster has changed
 * - prove: the node is asked what is left; guests that came meanwhile are planned too
 * - report: only a node that is proved empty is a success
 * - before the history grows long it continues as new; the next run follows the migrations this one has begun
 */
import { CancellationScope, allHandlersFinished, condition, continueAsNew, isCancellation, workflowInfo } from '@temporalio/workflow';
import type { EvacuationBookData } from '../domain/contracts/evacuation-progress.js';
import type { EvacuationReport } from '../domain/contracts/evacuation-report.js';
import type { EvacuationRequest, NodeRemains } from '../domain/contracts/evacuation.js';
import { EvacuationBook } from '../domain/evacuation/book.js';
import { messageOf } from '../domain/errors.js';
import { conclude } from '../domain/evacuation/conclude.js';
import type { NodeName } from '../domain/ids.js';
import { bringBack } from './evacuation/bring-back.js';
import { endWith } from './evacuation/finish.js';
import { installEvacuationHandlers, type EvacuationDesk } from './evacuation/handlers.js';
import { makePlan } from './evacuation/make-plan.js';
import { Mover } from './evacuation/mover.js';
import { prove, welcome } from './evacuation/prove.js';
import { runMoves } from './evacuation/run-moves.js';
import { EvacuationState } from './evacuation/state.js';
import { watchStuck } from './evacuation/watch-stuck.js';
import { watchWindow } from './evacuation/watch-window.js';
import { evacuationSteps } from './proxies.js';

/** What one run hands to the next. */
export interface CarriedEvacuation {
  readonly request: EvacuationRequest;
  readonly nodes: readonly NodeName[];
  readonly book: EvacuationBookData;
}

export async function evacuateNode(raw: unknown, carried?: CarriedEvacuation): Promise<EvacuationReport> {
  const desk: EvacuationDesk = { seat: null };
  installEvacuationHandlers(desk);
  try {
    return await evacuate(carried ?? (await open(raw)), raw, desk);
  } finally {
    await CancellationScope.nonCancellable(() => condition(allHandlersFinished));
  }
}

/** Newcomers are welcome so often; who sends guests to a cordoned node all the time is told that it is not empty. */
const MOST_ROUNDS = 4;

async function open(raw: unknown): Promise<CarriedEvacuation> {
  const { request, nodes } = await evacuationSteps('a node').openEvacuation(raw);
  return { request, nodes, book: EvacuationBook.open(request, 'away', Date.now()).data };
}

async function evacuate({ request, nodes, book }: CarriedEvacuation, raw: unknown, desk: EvacuationDesk): Promise<EvacuationReport> {
  const state = new EvacuationState(request, nodes, new EvacuationBook(book));
  const mover = new Mover(state);
  desk.seat = { state, mover };
  const scope = CancellationScope.current();
  let proof: NodeRemains | string | null = null;
  try {
    if (state.book.plans === 0) await begin(state);
    if (request.dryRun) return state.finish({ outcome: 'planned', reason: `${state.book.moves.length} of ${state.book.guests.length} guests would leave ${request.node}` }, null);
    for (const guest of state.book.running) mover.takeUp(guest);
    await approval(state);
    const moved = await CancellationScope.cancellable(() => moveAll(state, mover));
    if (moved === 'full') return await goOn(state, mover, raw);
    proof = moved;
  } catch (error) {
    if (!scope.consideredCancelled) throw error;
    state.book.stop = 'cancelled';
    state.enter('stopping', 'the workflow was cancelled');
  }
  return CancellationScope.nonCancellable(async () => {
    await mover.idle();
    await mover.recorded();
    if (state.book.stop === 'cancelled' && state.book.bringBack) await bringBack(state);
    const conclusion = conclude(state.book, request.node, proof);
    return endWith(state.finish(conclusion, typeof proof === 'string' ? null : proof), scope.consideredCancelled);
  });
}

async function begin(state: EvacuationState): Promise<void> {
  const { node, dryRun, requestedBy, reason } = state.request;
  const { firstExecutionRunId: epoch, workflowId } = workflowInfo();
  const taken = dryRun ? null : await evacuationSteps(node).cordonNode({ node, epoch, workflowId, requestedBy, ...(reason === undefined ? {} : { reason }) });
  state.enter('planning');
  try {
    await makePlan(state);
  } catch (error) {
    // Nothing was moved, so nothing has to be kept away; but who cordoned the node before may have had it switched off since.
    if (!dryRun && taken?.isNew !== false) await CancellationScope.nonCancellable(() => evacuationSteps(node).uncordonNode({ node, epoch }));
    throw error;
  }
}

async function approval(state: EvacuationState): Promise<void> {
  const { book } = state;
  if (book.approved || book.stop !== null) return;
  state.enter('awaitingApproval', `the plan waits for somebody to approve it: \`ferry evacuation approve ${state.node}\``);
  await condition(() => book.approved || book.stop !== null);
}

/** Returns what the node says is left; null: it was stopped before. */
async function moveAll(state: EvacuationState, mover: Mover): Promise<NodeRemains | string | null | 'full'> {
  const { book } = state;
  const watching = new CancellationScope();
  try {
    await watching.run(() => {
      watchStuck(state);
      return watchWindow(state, mover);
    });
    for (let round = 1; ; round += 1) {
      if ((await runMoves(state, mover, () => makePlan(state))) === 'full') return 'full';
      if (book.stop !== null) return null;
      const proof = await prove(state);
      if (typeof proof === 'string' || proof.guests.length === 0 || round === MOST_ROUNDS) return proof;
      state.incident(`guests came to ${state.node} meanwhile: ${proof.guests.join(', ')}`);
      welcome(state, proof.guests);
      const refusal = await makePlan(state).then(() => null, (error: unknown) => {
        if (isCancellation(error)) throw error;
        return messageOf(error);
      });
      if (refusal !== null) return `guests ${proof.guests.join(', ')} came meanwhile, and could not be planned: ${refusal}`;
    }
  } finally {
    watching.cancel();
  }
}

async function goOn(state: EvacuationState, mover: Mover, raw: unknown): Promise<never> {
  await mover.settled();
  state.book.runs += 1;
  const { request, nodes, book } = state;
  return continueAsNew<typeof evacuateNode>(raw, { request, nodes, book: book.data });
}
