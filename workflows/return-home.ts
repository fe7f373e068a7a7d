/**
 * Lifts a node's cordon and brings back the guests that an evacuation moved away, `{"node":"pve1"}`:
 *
 * - open: who is away, by the cluster's own record; guests that somebody has moved since stay where they are
 * - uncordon
 * - move them home, the last one that left first, as an evacuation moves: children, applications, concurrency, steering, health checks
 * - report: only when all are home it is a success
 */
import { CancellationScope, allHandlersFinished, condition, continueAsNew } from '@temporalio/workflow';
import type { MovedGuest } from '../domain/contracts/cordon.js';
import type { EvacuationReport } from '../domain/contracts/evacuation-report.js';
import type { EvacuationRequest } from '../domain/contracts/evacuation.js';
import { EvacuationBook } from '../domain/evacuation/book.js';
import { conclude } from '../domain/evacuation/conclude.js';
import { planReturn } from '../domain/evacuation/plan-return.js';
import { endWith } from './evacuation/finish.js';
import { installEvacuationHandlers, type EvacuationDesk } from './evacuation/handlers.js';
import { Mover } from './evacuation/mover.js';
import { runMoves } from './evacuation/run-moves.js';
import { EvacuationState } from './evacuation/state.js';
import type { CarriedEvacuation } from './evacuate-node.js';
import { failure } from './failures.js';
import { evacuationSteps } from './proxies.js';

interface CarriedReturn extends CarriedEvacuation {
  readonly away: readonly MovedGuest[];
}

export async function returnHome(raw: unknown, carried?: CarriedReturn): Promise<EvacuationReport> {
  const desk: EvacuationDesk = { seat: null };
  installEvacuationHandlers(desk);
  try {
    return await comeHome(carried ?? (await open(raw)), raw, desk);
  } finally {
    await CancellationScope.nonCancellable(() => condition(allHandlersFinished));
  }
}

async function open(raw: unknown): Promise<CarriedReturn> {
  const { node, absentees, elsewhere, requestedBy, reason } = await evacuationSteps('a node').openReturn(raw);
  await evacuationSteps(node).uncordonNode({ node });
  if (absentees === null) throw failure('InvalidInput', `bring guests home failed: ${node}: nobody is known to be away from it; the node takes guests again`);
  const { reason: _, window: __, ...kept } = absentees.request;
  const request: EvacuationRequest = { ...kept, node, approval: false, canary: 0, requestedBy, ...(reason === undefined ? {} : { reason }) };
  const book = EvacuationBook.open(request, 'home', Date.now());
  const strangers = new Set(elsewhere.map(({ vmid }) => vmid));
  for (const { vmid, node: where } of elsewhere) book.incidents.push(`guest ${vmid} ${where === null ? 'is nowhere any more' : `was moved to ${where} by another hand`}: it is left there`);
  await evacuationSteps(node).recordReturned({ node, vmids: [...strangers] });
  return { request, nodes: [node], book: book.data, away: absentees.guests.filter(({ vmid }) => !strangers.has(vmid)) };
}

async function comeHome({ request, nodes, book, away }: CarriedReturn, raw: unknown, desk: EvacuationDesk): Promise<EvacuationReport> {
  const { node } = request;
  const state = new EvacuationState(request, nodes, new EvacuationBook(book));
  const mover = new Mover(state);
  desk.seat = { state, mover };
  const scope = CancellationScope.current();
  const plan = (): Promise<void> => {
    state.stale = false;
    const settled = new Set(state.book.settled);
    state.plan = planReturn(node, away.filter(({ vmid }) => !settled.has(vmid)));
    state.book.adopt(state.plan);
    state.changed();
    return Promise.resolve();
  };
  try {
    if (state.book.plans === 0) await plan();
    for (const guest of state.book.running) mover.takeUp(guest);
    if ((await CancellationScope.cancellable(() => runMoves(state, mover, plan))) === 'full') {
      await mover.settled();
      state.book.runs += 1;
      return await continueAsNew<typeof returnHome>(raw, { request, nodes, book: state.book.data, away });
    }
  } catch (error) {
    if (!scope.consideredCancelled) throw error;
    state.book.stop = 'cancelled';
  }
  return CancellationScope.nonCancellable(async () => {
    await mover.idle();
    await mover.recorded();
    return endWith(state.finish(conclude(state.book, node, null), null), scope.consideredCancelled);
  });
}
