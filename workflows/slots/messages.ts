import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { Addressed, LedgerView, LimitChange, SlotAnswer, SlotRelease, SlotRequest } from '../../domain/contracts/slots.js';

/** To the ledgers, by a migration. */
export const requestSlots = defineSignal<[readonly Addressed<SlotRequest>[]]>('requestSlots');
/** The same, with the answers to it as the result. */
export const takeSlots = defineUpdate<readonly SlotAnswer[], [readonly Addressed<SlotRequest>[]]>('takeSlots');
export const releaseSlots = defineSignal<[readonly Addressed<SlotRelease>[]]>('releaseSlots');
/** To a migration, by a ledger. */
export const slotAnswer = defineSignal<[SlotAnswer]>('slotAnswer');
/** To a ledger, by an operator. */
export const setLimits = defineUpdate<LedgerView, [Addressed<LimitChange>]>('setLimits');
export const slotsQuery = defineQuery<readonly LedgerView[]>('slots');
