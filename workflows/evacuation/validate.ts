import { ApplicationFailure } from '@temporalio/workflow';
import type { EvacuatedGuest, GuestState } from '../../domain/contracts/evacuation-progress.js';
import type { OperatorInput } from '../messages.js';
import type { EvacuationState } from './state.js';

/** For the validators of updates: synchronous, and they change nothing. */
export function requireAuthor(input: OperatorInput | undefined): void {
  if (typeof input !== 'object' || input === null) throw invalid('an object is needed, such as {"by": "name"}');
  if (input.by !== undefined && (typeof input.by !== 'string' || input.by.length > 200)) throw invalid('by: a name is needed, or nothing');
}

export const authorOf = ({ by }: OperatorInput): string => (by === undefined || by === '' ? 'an operator' : by);

export function requireNumber(value: unknown, name: string, minimum: number, maximum: number): void {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < minimum || value > maximum) throw invalid(`${name}: a whole number from ${minimum} to ${maximum} is needed`);
}

/** It is not over, and not about to be: only a stop may still become a cancellation. */
export function requireOpen({ phase, book }: EvacuationState, name: string): void {
  if (phase === 'over' || phase === 'returning') throw refused(`it is ${phase}`);
  if (book.stop !== null && !(name === 'cancelEvacuation' && book.stop !== 'cancelled')) throw refused('it is stopping');
}

export function requireState({ book }: EvacuationState, vmid: unknown, states: readonly GuestState[], remedy: string): EvacuatedGuest {
  const guest = typeof vmid === 'number' ? book.guest(vmid) : null;
  if (guest === null) throw refused(`guest ${String(vmid)} is not part of it`);
  if (!states.includes(guest.state)) throw refused(`guest ${guest.vmid} is ${guest.state}: ${remedy}`);
  return guest;
}

export const refused = (cause: string): ApplicationFailure => ApplicationFailure.nonRetryable(`refused: ${cause}`, 'OperatorRefused');
export const invalid = (cause: string): ApplicationFailure => ApplicationFailure.nonRetryable(`refused: ${cause}`, 'InvalidInput');
