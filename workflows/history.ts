/**
 * About how many events this workflow run has written, counted by what it has done: rather too many than too few.
 *
 * A workflow that decides by the length of its history, or by the server's suggestion to continue as new, can't be replayed: a task that brings
 * nothing but a refused Update, or a question, lengthens both and is not seen by a replay, and tasks in which nothing was ordered are replayed as one.
 */
export const eventsWritten = (): number => written;

let written = 0;

/** With the events of the workflow task that each of them brings. */
const EVENTS = { activity: 6, localActivity: 4, child: 9, timer: 5, message: 6, signalSent: 3, change: 2 } as const;

export function noteWritten(what: keyof typeof EVENTS): void {
  written += EVENTS[what];
}
