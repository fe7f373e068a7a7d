import { POOLS, type Addressed, type SlotAnswer, type SlotRelease, type SlotRequest } from '../contracts/slots.js';

/**
 * Whether a message to the ledgers, or from them, is one. Anybody may send a workflow anything; what is not understood must change nothing, and must not stop
 * the workflow: the one keeps everybody's slots, the other moves a guest.
 */
export const areRequests = (raw: unknown): raw is readonly Addressed<SlotRequest>[] => Array.isArray(raw) && raw.every(isRequest);
export const areReleases = (raw: unknown): raw is readonly Addressed<SlotRelease>[] => Array.isArray(raw) && raw.every(isRelease);

export const isAnswer = (raw: unknown): raw is SlotAnswer =>
  isObject(raw) && areTexts(raw['resource'], raw['epoch']) && areNumbers(raw['seq'], raw['position'], raw['waiting']) && typeof raw['granted'] === 'boolean' && typeof raw['reason'] === 'string'
  && (raw['limited'] === undefined || arePools(raw['limited']));

type Fields = Readonly<Record<string, unknown>>;

const isObject = (raw: unknown): raw is Fields => typeof raw === 'object' && raw !== null && !Array.isArray(raw);
const areTexts = (...values: unknown[]): boolean => values.every((value) => typeof value === 'string' && value !== '');
const areNumbers = (...values: unknown[]): boolean => values.every((value) => typeof value === 'number' && Number.isFinite(value));
const arePools = (raw: unknown): boolean => Array.isArray(raw) && raw.every((pool) => POOLS.includes(pool as never));

const isRequest = (raw: unknown): boolean =>
  isObject(raw) && areTexts(raw['resource'], raw['epoch'], raw['workflowId']) && areNumbers(raw['vmid'], raw['priority'], raw['seq'], raw['sinceMs']) && arePools(raw['pools'])
  && (raw['configured'] === undefined || areLimits(raw['configured']));

const isRelease = (raw: unknown): boolean => isObject(raw) && areTexts(raw['resource'], raw['epoch']) && areNumbers(raw['seq']) && arePools(raw['keep']);

const areLimits = (raw: unknown): boolean => isObject(raw) && Object.entries(raw).every(([pool, limit]) => arePools([pool]) && (limit === undefined || areNumbers(limit)));
