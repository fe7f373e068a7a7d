import { MigrationError } from '../../../domain/errors.js';
import { waitUntil } from '../../wait.js';
import type { HandoffClient } from './client.js';

const ARMED_TIMEOUT_MS = 10_000;

/** No switch may begin that could not be decided, so nothing is started before the target listens. Throws what is in the way. */
export async function untilArmed(handoff: HandoffClient, signal: AbortSignal): Promise<void> {
  const late = AbortSignal.timeout(ARMED_TIMEOUT_MS);
  await waitUntil(() => Promise.resolve(handoff.armed), { intervalMs: 1000, signal: AbortSignal.any([signal, late]), wake: (fn) => handoff.onArmed(fn) }).catch((error: unknown) => {
    if (!late.aborted || signal.aborted) throw error;
    throw handoff.trouble ?? new MigrationError('TransportFailed', `arm target failed: the target agent did not answer within ${ARMED_TIMEOUT_MS} ms`);
  });
}
