import { ApplicationFailure, log, setHandler } from '@temporalio/workflow';
import type { LedgerBook } from '../../domain/admission/book.js';
import { areReleases, areRequests } from '../../domain/admission/well-formed.js';
import { POOLS, type Addressed, type LimitChange, type Pool } from '../../domain/contracts/slots.js';
import { noteWritten } from '../history.js';
import { releaseSlots, requestSlots, setLimits, slotsQuery, takeSlots } from './messages.js';

/** `changed` is called after each message that was taken. */
export function installLedgerHandlers(book: LedgerBook, changed: () => void): void {
  const after = <T>(act: () => T): T => {
    noteWritten('message');
    const result = act();
    changed();
    return result;
  };
  setHandler(slotsQuery, () => book.views, { description: 'Slots, who holds them, who waits and why.' });
  setHandler(requestSlots, (requests: unknown) => areRequests(requests) ? after(() => book.request(requests, Date.now())) : ignore('requestSlots'), { description: 'A migration asks for slots. Not for operators.' });
  setHandler(takeSlots, (requests) => after(() => book.answer(requests, Date.now())), {
    description: 'A migration asks for slots, and takes the answers along. Not for operators.',
    validator: (requests: unknown) => {
      if (!areRequests(requests)) throw invalid('requests as a migration sends them are needed', 'request');
    },
  });
  setHandler(releaseSlots, (releases: unknown) => areReleases(releases) ? after(() => book.release(releases, Date.now())) : ignore('releaseSlots'), { description: 'A migration gives slots back. Not for operators.' });
  setHandler(setLimits, (change) => after(() => book.changeLimits(change, Date.now())), {
    description: `How many at once, by kind of slot; null takes it back: {"resource": "pve2", "limits": {"transfer-in": 4}, "by": "name"}; a link is "link:<name>". Counts at once; nobody loses a slot. Kinds: ${POOLS.join(', ')}.`,
    validator: requireLimits,
  });
}

const MOST = 1000;

function requireLimits(change: Addressed<LimitChange> | undefined): void {
  const resource: unknown = change?.resource;
  if (typeof resource !== 'string' || resource === '' || resource.length > 200) throw invalid('resource: the name of a node, or link:<name>, is needed');
  const limits: unknown = change?.limits;
  if (typeof limits !== 'object' || limits === null || Object.keys(limits).length === 0) throw invalid('limits: an object such as {"transfer-in": 4} is needed');
  for (const [pool, limit] of Object.entries(limits) as [string, unknown][]) {
    if (!POOLS.includes(pool as Pool)) throw invalid(`limits: '${pool}' is not one of ${POOLS.join(', ')}`);
    if (limit !== null && (typeof limit !== 'number' || !Number.isInteger(limit) || limit < 0 || limit > MOST)) throw invalid(`limits.${pool}: a whole number from 0 to ${MOST}, or null, is needed`);
  }
  const by: unknown = change?.by;
  if (by !== undefined && (typeof by !== 'string' || by.length > 200)) throw invalid('by: a name is needed, or nothing');
}

const invalid = (cause: string, what = 'change'): ApplicationFailure => ApplicationFailure.nonRetryable(`${what} refused: ${cause}`, 'InvalidInput');

function ignore(signal: string): void {
  noteWritten('message');
  log.warn(`${signal}: not a message of a migration; nothing is changed`);
}
