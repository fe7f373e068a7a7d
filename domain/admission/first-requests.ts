import type { Addressed, SlotHolder, SlotNeed, SlotRequest } from '../contracts/slots.js';
import { Claims, type SlotMessage } from './claims.js';

/** What a migration that has asked for nothing yet says to the ledgers: the same, with the same numbers, whoever says it for it. */
export const firstRequests = (needs: readonly SlotNeed[], holder: SlotHolder, atMs: number): readonly Addressed<SlotRequest>[] =>
  requestsOf(new Claims().want(needs, atMs), holder, atMs);

/** The requests among the messages, as the ledgers take them. */
export const requestsOf = (messages: readonly SlotMessage[], holder: SlotHolder, sinceMs: number): readonly Addressed<SlotRequest>[] =>
  messages.flatMap((message) => (message.kind === 'request' ? [{ ...holder, ...message.need, seq: message.seq, sinceMs }] : []));
