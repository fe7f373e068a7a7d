import { CancellationScope, sleep } from '@temporalio/workflow';
import { messageOf } from '../../domain/errors.js';
import { noteWritten } from '../history.js';
import { evacuationSteps } from '../proxies.js';
import type { Mover } from './mover.js';
import type { EvacuationState } from './state.js';

/**
 * Opens and closes the evacuation with its maintenance window, on durable timers. When the window is open is asked outside of the workflow: the
 * answer is kept in the history, so a later update of the time zone data can't change what was decided by it.
 * Returns when the state is known; goes on until the scope it was called in is cancelled.
 */
export async function watchWindow(state: EvacuationState, mover: Mover): Promise<void> {
  const { window } = state.request;
  if (window === undefined) return;
  await look(state, window);
  void follow(state, mover, window).catch((error: unknown) => {
    if (CancellationScope.current().consideredCancelled) return;
    state.open = false;
    state.incident(`the window ${window} can't be watched, so nothing is started any more: ${messageOf(error)}`);
  });
}

async function follow(state: EvacuationState, mover: Mover, window: string): Promise<void> {
  for (;;) {
    noteWritten('timer');
    await sleep(Math.max(1, state.windowChangesAtMs - Date.now()), { summary: `the window ${state.open ? 'closes' : 'opens'}` });
    await look(state, window);
    state.incident(`the window ${window} ${state.open ? 'opened' : 'closed'}`);
    if (!state.open && state.request.atWindowClose === 'rollBack') mover.callOff();
  }
}

async function look(state: EvacuationState, window: string): Promise<void> {
  const { open, changesAtMs } = await evacuationSteps(state.node).windowAt({ window, atMs: Date.now() });
  state.open = open;
  state.windowChangesAtMs = changesAtMs;
  state.changed();
}
