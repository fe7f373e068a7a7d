import type { EvacuatedGuest } from '../contracts/evacuation-progress.js';
import type { EvacuationOutcome } from '../contracts/evacuation-report.js';
import type { NodeRemains } from '../contracts/evacuation.js';
import type { NodeName } from '../ids.js';
import type { EvacuationBook } from './book.js';

export interface Conclusion {
  readonly outcome: EvacuationOutcome;
  readonly reason: string;
}

/** What to say of an evacuation that has nothing more to do. `proof`: what the node said, or why it could not be asked; null: it was not to be asked. */
export function conclude(book: EvacuationBook, node: NodeName, proof: NodeRemains | string | null): Conclusion {
  if (book.stop !== null) return stopped(book, node);
  const left = leftOf(book);
  if (book.direction === 'home') {
    return left.length === 0 ? { outcome: 'home', reason: `every guest that left ${node} is back` } : { outcome: 'not-home', reason: `not every guest came home to ${node}: ${named(left)}` };
  }
  if (typeof proof === 'string') return { outcome: 'not-empty', reason: `${node} could not be proved empty: ${proof}` };
  const remains = remainsOf(proof);
  if (left.length === 0 && remains.length === 0) return { outcome: 'empty', reason: `${node} is empty: it says itself that no guest, volume or reservation is left` };
  return { outcome: 'not-empty', reason: `${node} is not empty: ${[...(left.length === 0 ? [] : [named(left)]), ...remains].join('; ')}` };
}

/** Guests that are still where they were. */
export const leftOf = (book: EvacuationBook): readonly EvacuatedGuest[] =>
  book.in('stays', 'failed', 'skipped', 'waiting', 'retrying').filter(({ parking }) => !parking);

export function remainsOf(remains: NodeRemains | null): readonly string[] {
  if (remains === null) return [];
  const { guests, processes, volumes, reservations } = remains;
  return [
    ...(guests.length === 0 ? [] : [`guests ${guests.join(', ')} are there`]),
    ...processes.map((process) => `it runs ${process}`), ...volumes.map((volume) => `${volume} is in use`), ...reservations.map((reservation) => `it keeps ${reservation}`),
  ];
}

function stopped(book: EvacuationBook, node: NodeName): Conclusion {
  const left = leftOf(book);
  const still = left.length === 0 ? '' : `; still on ${node}: ${numbers(left)}`;
  const troubled = book.guests.filter(({ state, unhealthy }) => state === 'failed' || unhealthy !== undefined);
  switch (book.stop) {
    case 'cancelled':
      return { outcome: 'cancelled', reason: `cancelled${still}` };
    case 'budget':
      return { outcome: 'stopped', reason: `stopped: more than ${book.failureBudget} guests are in trouble: ${named(troubled)}${still}` };
    case 'canary':
      return { outcome: 'stopped', reason: `stopped: a canary is in trouble: ${named(troubled)}${still}` };
    case 'stopped':
    case null:
      return { outcome: 'stopped', reason: `stopped by an operator${still}` };
  }
}

const LONGEST_LIST = 12;

const named = (guests: readonly EvacuatedGuest[]): string => listed(guests.map(({ vmid, unhealthy, reason }) => `${vmid} (${unhealthy ?? reason})`));
const numbers = (guests: readonly EvacuatedGuest[]): string => listed(guests.map(({ vmid }) => String(vmid)));
const listed = (names: readonly string[]): string => (names.length <= LONGEST_LIST ? names : [...names.slice(0, LONGEST_LIST), `${names.length - LONGEST_LIST} more`]).join(', ');
