import { ApplicationFailure, setHandler } from '@temporalio/workflow';
import type { LedgerDesk } from '../../domain/admission/desk.js';
import { POOLS, type LimitChange, type Pool } from '../../domain/contracts/slots.js';
import { releaseSlot, requestSlot, setLimits, slotsQuery, takeSlots } from './messages.js';

/** `changed` is called after each message that was taken. */
export function installLedgerHandlers(desk: LedgerDesk, changed: () => void): void {
  const after = <T>(act: () => T): T => {
    const result = act();
    changed();
    return result;
  };
  setHandler(slotsQuery, () => desk.view, { description: 'Slots, who holds them, who waits and why.' });
  setHandler(requestSlot, (request) => after(() => desk.request(request, Date.now())), { description: 'A migration asks for slots. Not for operators.' });
  setHandler(takeSlots, (request) => after(() => desk.answer(request, Date.now())), { description: 'A migration asks for slots, and takes the answer along. Not for operators.' });
  setHandler(releaseSlot, (release) => after(() => desk.release(release, Date.now())), { description: 'A migration gives slots back. Not for operators.' });
  setHandler(setLimits, (change) => {
    after(() => desk.changeLimits(change, Date.now()));
    return desk.view;
  }, {
    description: `How many at once, by kind of slot; null takes it back: {"limits": {"transfer-in": 4}, "by": "name"}. Counts at once; nobody loses a slot. Kinds: ${POOLS.join(', ')}.`,
    validator: requireLimits,
  });
}

const MOST = 1000;

function requireLimits(change: LimitChange | undefined): void {
  const limits: unknown = change?.limits;
  if (typeof limits !== 'object' || limits === null || Object.keys(limits).length === 0) throw invalid('limits: an object such as {"transfer-in": 4} is needed');
  for (const [pool, limit] of Object.entries(limits) as [string, unknown][]) {
    if (!POOLS.includes(pool as Pool)) throw invalid(`limits: '${pool}' is not one of ${POOLS.join(', ')}`);
    if (limit !== null && (typeof limit !== 'number' || !Number.isInteger(limit) || limit < 0 || limit > MOST)) throw invalid(`limits.${pool}: a whole number from 0 to ${MOST}, or null, is needed`);
  }
  const by: unknown = change?.by;
  if (by !== undefined && (typeof by !== 'string' || by.length > 200)) throw invalid('by: a name is needed, or nothing');
}

const invalid = (cause: string): ApplicationFailure => ApplicationFailure.nonRetryable(`change refused: ${cause}`, 'InvalidInput');
