import { z } from 'zod';
import type { CommitTimes, Decision } from '../../../domain/contracts/activities.js';
import { GUEST_RUN_STATES } from '../../../domain/contracts/facts.js';

/** The source's word that its own copy is stopped for good. */
export interface HandoverStatement {
  readonly completed: true;
}

/** What the target answers to HANDOVER. */
export type HandoffAnswer =
  | ({ readonly kind: 'committed' } & CommitTimes)
  | { readonly kind: 'refused'; readonly decision: Decision; readonly reason: string };

const Nonce = z.string().regex(/^[0-9a-f]{64}$/);
const Mac = z.string().regex(/^[0-9a-f]{64}$/);

/** Source → target. One JSON object per line. */
export const ClientMessage = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('challenge'), nonce: Nonce }),
  z.strictObject({ type: z.literal('proof'), mac: Mac }),
  z.strictObject({ type: z.literal('hello'), epoch: z.string(), vmid: z.int() }),
  z.strictObject({ type: z.literal('ping') }),
  z.strictObject({ type: z.literal('mirrors-finished') }),
  z.strictObject({ type: z.literal('handover'), statement: z.strictObject({ completed: z.literal(true) }) }),
]);
export type ClientMessage = z.infer<typeof ClientMessage>;

/** Target → source. `denied`: this connection is of no use, for the reason given; it is closed afterwards. */
export const ServerMessage = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('challenge'), nonce: Nonce, mac: Mac }),
  z.strictObject({ type: z.literal('armed') }),
  z.strictObject({ type: z.literal('denied'), reason: z.string() }),
  z.strictObject({ type: z.literal('pong') }),
  z.strictObject({
    type: z.literal('answer'),
    answer: z.discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('committed'), commitMs: z.number(), resumeMs: z.number(), committedAt: z.string(), state: z.enum(GUEST_RUN_STATES).exactOptional() }),
      z.strictObject({ kind: z.literal('refused'), decision: z.enum(['undecided', 'committed', 'aborted', 'none']), reason: z.string() }),
    ]),
  }),
]);
export type ServerMessage = z.infer<typeof ServerMessage>;
