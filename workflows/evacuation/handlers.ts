import type { UpdateDefinition } from '@temporalio/common';
import { ApplicationFailure, setHandler } from '@temporalio/workflow';
import type { EvacuatedGuest, EvacuationProgress } from '../../domain/contracts/evacuation-progress.js';
import { noteWritten } from '../history.js';
import type { OperatorInput } from '../messages.js';
import { EVACUATION_UPDATES as UPDATES, evacuationQuery } from './messages.js';
import type { Mover } from './mover.js';
import type { EvacuationState } from './state.js';
import { authorOf, invalid, refused, requireAuthor, requireNumber, requireOpen, requireState } from './validate.js';

/** Where the handlers find the evacuation, once its input is parsed. */
export interface EvacuationDesk {
  seat: { readonly state: EvacuationState; readonly mover: Mover } | null;
}

/** Everything an operator can say while guests leave or come home. Validators look at what is known; each word is kept in the report. */
export function installEvacuationHandlers(desk: EvacuationDesk): void {
  setHandler(evacuationQuery, (): EvacuationProgress => seatOf(desk).state.progress, { description: 'Phase, plan, every guest with its state and reason, what was said, and the report when it is over.' });
  on(desk, UPDATES.approve, 'Lets an evacuation that waits for approval begin: {"by": "name"}.', ({ state: { book } }) => {
    if (book.approved) throw refused('it needs no approval any more');
  }, ({ state: { book } }) => {
    book.approved = true;
    return 'approved: guests begin to move';
  });
  on(desk, UPDATES.pause, 'No further guest is started; running migrations go on: {"by": "name"}.', ({ state: { book } }) => {
    if (book.paused) throw refused('it is paused already');
  }, ({ state: { book } }) => {
    book.paused = true;
    return `paused: ${book.running.length} running migrations go on, nothing else is started`;
  });
  on(desk, UPDATES.resume, 'Goes on after a pause: {"by": "name"}.', ({ state: { book } }) => {
    if (!book.paused) throw refused('it is not paused');
  }, ({ state: { book } }) => {
    book.paused = false;
    return 'resumed';
  });
  on(desk, UPDATES.setConcurrency, 'How many guests move at once, from now on: {"concurrency": 4, "by": "name"}.', (_seat, { concurrency }) => requireNumber(concurrency, 'concurrency', 1, 64), ({ state: { book } }, { concurrency }) => {
    book.concurrency = concurrency;
    return `concurrency ${concurrency}`;
  });
  on(desk, UPDATES.setBandwidth, 'Bandwidth of each migration in KiB/s, 0 for unlimited, also of those that run: {"bwlimitKiBps": 102400, "by": "name"}.',
    (_seat, { bwlimitKiBps }) => requireNumber(bwlimitKiBps, 'bwlimitKiBps', 0, Number.MAX_SAFE_INTEGER / 1024), async ({ state: { book }, mover }, { bwlimitKiBps }) => {
      book.bwlimitKiBps = bwlimitKiBps;
      await mover.setBandwidth(bwlimitKiBps);
      return `bandwidth ${bwlimitKiBps === 0 ? 'unlimited' : `${bwlimitKiBps} KiB/s for each migration`}`;
    });
  on(desk, UPDATES.skipGuest, 'Leaves a guest that has not begun to move where it is: {"vmid": 101, "by": "name"}.',
    ({ state }, { vmid }) => void requireState(state, vmid, ['waiting', 'retrying', 'stays'], `a running migration is stopped with \`ferry cancel ${vmid}\``), ({ state: { book } }, input) => {
      book.skip(input.vmid, `left out by ${authorOf(input)}`);
      return `guest ${input.vmid} stays where it is`;
    });
  on(desk, UPDATES.retryGuest, 'Plans a guest again that failed, was skipped or had no place: {"vmid": 101, "by": "name"}.',
    ({ state }, { vmid }) => void requireState(state, vmid, ['failed', 'skipped', 'stays'], 'only a guest that was given up can be tried again'), ({ state }, input) => {
      state.book.retry(input.vmid, `tried again for ${authorOf(input)}`);
      state.stale = true;
      return `guest ${input.vmid} is planned again`;
    });
  on(desk, UPDATES.retargetGuest, 'Sends a guest that waits to another node: {"vmid": 101, "target": "pve3", "by": "name"}.', ({ state }, { vmid, target }) => requireTarget(state, requireState(state, vmid, ['waiting'], 'it does not wait'), target), ({ state: { book } }, { vmid, target }) => {
    book.retarget(vmid, target);
    return `guest ${vmid} goes to ${target}`;
  });
  on(desk, UPDATES.stopAfterCurrent, 'Ends the evacuation when the running migrations are over: {"by": "name"}.', () => undefined, ({ state: { book } }) => {
    book.stop = 'stopped';
    return `it ends after the ${book.running.length} migrations that run`;
  });
  on(desk, UPDATES.cancelEvacuation, 'Rolls the running migrations back and ends; with bringBack the guests that have left come home: {"bringBack": true, "by": "name"}.', ({ state: { book } }, { bringBack }) => {
    if (bringBack !== undefined && typeof bringBack !== 'boolean') throw invalid('bringBack: true or false is needed');
    if (bringBack === true && book.direction === 'home') throw refused('the guests are on their way home: who has come back stays');
  }, ({ state: { book }, mover }, { bringBack }) => {
    book.stop = 'cancelled';
    book.bringBack = bringBack === true;
    mover.callOff();
    return `cancelled: ${book.running.length} migrations are rolled back${book.bringBack ? ', then the guests that left come home' : ''}`;
  });
}

type Seat = NonNullable<EvacuationDesk['seat']>;

function on<I extends OperatorInput>(desk: EvacuationDesk, update: UpdateDefinition<string, [I]>, description: string, validate: (seat: Seat, input: I) => void, act: (seat: Seat, input: I) => string | Promise<string>): void {
  const take = async (input: I): Promise<string> => {
    const seat = seatOf(desk);
    noteWritten('message');
    const answer = await act(seat, input);
    seat.state.heard(authorOf(input), answer);
    return answer;
  };
  const validator = (input: I): void => {
    const seat = seatOf(desk);
    requireAuthor(input);
    requireOpen(seat.state, update.name);
    validate(seat, input);
  };
  setHandler(update, take, { description, validator });
}

function seatOf({ seat }: EvacuationDesk): Seat {
  if (seat === null) throw ApplicationFailure.nonRetryable('refused: it has not begun', 'OperatorRefused');
  return seat;
}

function requireTarget(state: EvacuationState, guest: EvacuatedGuest, target: unknown): void {
  if (typeof target !== 'string') throw invalid('target: the name of a node is needed');
  if (state.book.direction === 'home') throw refused(`guest ${guest.vmid} comes home to ${state.node}`);
  if (target === state.node || target === guest.from) throw refused(`guest ${guest.vmid} is on its way off ${target}`);
  if (!state.nodes.includes(target)) throw refused(`${target} is not among the nodes that were online when it began: ${state.nodes.join(', ')}`);
}
