import { condition, isCancellation, sleep } from '@temporalio/workflow';
import { messageOf } from '../../domain/errors.js';
import { decideNext } from '../../domain/evacuation/decide-next.js';
import { eventsWritten } from '../history.js';
import { timings } from '../timings.js';
import type { Mover } from './mover.js';
import type { EvacuationState } from './state.js';

/** However the cluster behaves, an evacuation comes to an end. */
const MOST_PLANS = 20;

/**
 * Carries out the plan until nothing is left to do (`over`), or until the history is so long that the workflow has to continue as new (`full`).
 * `replan`: plans again for whoever is not settled.
 */
export async function runMoves(state: EvacuationState, mover: Mover, replan: () => Promise<void>): Promise<'over' | 'full'> {
  const { book } = state;
  for (;;) {
    if (isHistoryLong()) return 'full';
    const seen = state.version;
    const step = decideNext(book, state);
    switch (step.kind) {
      case 'start':
        state.enter('moving');
        for (const move of step.moves) mover.start(move);
        break;
      case 'wait':
        showWhy(state);
        await condition(() => state.version !== state.shownAt || isHistoryLong());
        break;
      case 'plan':
        await planAgain(state, step.why, replan);
        break;
      case 'rest':
        state.enter('moving', 'guests that failed for a reason that may pass are planned again after a pause');
        if (!(await condition(() => state.version > seen + 1, timings().replanPauseMs * book.plans))) await planAgain(state, 'guests failed for a reason that may pass', replan);
        break;
      case 'prove':
      case 'end':
        return 'over';
    }
  }
}

const isHistoryLong = (): boolean => eventsWritten() >= timings().evacuationHistoryEvents;

/** Before a wait; the look of it is no change. */
function showWhy(state: EvacuationState): void {
  const { book, open } = state;
  if (book.stop !== null) state.enter('stopping', `waiting for ${book.running.length} migrations to end`);
  else if (book.paused) state.enter('paused', 'nothing is started until it is resumed');
  else if (!open) state.enter('waitingForWindow', `the window ${state.request.window ?? ''} opens at ${new Date(state.windowChangesAtMs).toISOString()}`);
  else state.enter('moving');
  state.shownAt = state.version;
}

/** A plan that can't be made now is made later: the guests are safe where they are. */
async function planAgain(state: EvacuationState, why: string, replan: () => Promise<void>): Promise<void> {
  const { book } = state;
  if (book.plans >= MOST_PLANS) {
    book.giveUp(`it was planned ${book.plans} times`);
    return state.changed();
  }
  state.enter('planning', why);
  try {
    await replan();
  } catch (error) {
    if (isCancellation(error)) throw error;
    book.plans += 1;
    state.stale = true;
    state.incident(`planning again failed: ${messageOf(error)}`);
    await sleep(timings().replanPauseMs, { summary: 'plan again' });
  }
}
