import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { LedgerView, LimitChange, SlotAnswer, SlotRelease, SlotRequest } from '../../domain/contracts/slots.js';

/** To a ledger, by a migration. */
export const requestSlot = defineSignal<[SlotRequest]>('requestSlot');
/** The same, with the answer to it as the result. */
export const takeSlots = defineUpdate<SlotAnswer | null, [SlotRequest]>('takeSlots');
export const releaseSlot = defineSignal<[SlotRelease]>('releaseSlot');
/** To a migration, by a ledger. */
export const slotAnswer = defineSignal<[SlotAnswer]>('slotAnswer');
/** To a ledger, by an operator. */
export const setLimits = defineUpdate<LedgerView, [LimitChange]>('setLimits');
export const slotsQuery = defineQuery<LedgerView>('slots');
