import { sleep } from '@temporalio/workflow';
import type { NodeRemains } from '../../domain/contracts/evacuation.js';
import { isCancellation } from '@temporalio/workflow';
import { messageOf } from '../../domain/errors.js';
import { leftOf, remainsOf } from '../../domain/evacuation/conclude.js';
import type { Vmid } from '../../domain/ids.js';
import { maintenanceSteps } from '../proxies.js';
import { timings } from '../timings.js';
import type { EvacuationState } from './state.js';

/** What a migration leaves for its clean-up goes away within seconds. */
const LOOKS = 5;

/** Asks the node itself what is left beside the guests that are known to stay; text: why it can't be asked. */
export async function prove(state: EvacuationState): Promise<NodeRemains | string> {
  state.enter('proving', `asking ${state.node} what is left on it`);
  const except = leftOf(state.book).map(({ vmid }) => vmid);
  try {
    for (let look = 1; ; look += 1) {
      const remains = await maintenanceSteps(state.node).proveEmpty({ except });
      if (remains.guests.length > 0 || remainsOf(remains).length === 0 || look === LOOKS) return remains;
      await sleep(timings().provePauseMs, { summary: `look again what is left on ${state.node}` });
    }
  } catch (error) {
    if (isCancellation(error)) throw error;
    return messageOf(error);
  }
}

/** Guests that came, or came back, while the others left. They are planned too. */
export function welcome({ book }: EvacuationState, newcomers: readonly Vmid[]): void {
  for (const vmid of newcomers) book.retry(vmid, 'it is on the node again');
}
