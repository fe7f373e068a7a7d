import { conclude } from '../../../domain/evacuation/conclude.js';
import { judgeMove, type MoveContext } from '../../../domain/evacuation/judge-move.js';
import { planReturn } from '../../../domain/evacuation/plan-return.js';
import { renderEvacuationDetails } from '../../../domain/evacuation/details.js';
import { evacuationEta } from '../../../domain/evacuation/eta.js';
import { EvacuationBook } from '../../../domain/evacuation/book.js';
import { bookOf, migrated, move, planOf, request } from './support.js';

const context: MoveContext = { target: 'pve2', attempts: 1, calledOff: false, foreign: false };
const ending = (code: Parameters<typeof judgeMove>[0]['code'], sentence = 'why') => ({ report: null, code, sentence });

describe('what becomes of a guest', () => {
  test.each([
    ['its target was away', 'NodeUnreachable', {}, { state: 'retrying', avoid: 'pve2', stale: true }],
    ['its target was full', 'InsufficientCapacity', {}, { state: 'retrying', avoid: 'pve2', stale: true }],
    ['it was refused', 'PrerequisitesNotMet', {}, { state: 'retrying', avoid: 'pve2', stale: true }],
    ['it wrote too fast', 'NotConverging', {}, { state: 'retrying', stale: false }],
    ['its tries are used up', 'NotConverging', { attempts: 3 }, { state: 'failed' }],
    ['somebody cancelled it', 'Cancelled', {}, { state: 'skipped' }],
    ['the evacuation called it off', 'Cancelled', { calledOff: true }, { state: 'retrying', innocent: true }],
    ['it is not there any more', 'GuestNotFound', {}, { state: 'gone' }],
    ['another migration of it failed', 'NotConverging', { foreign: true }, { state: 'retrying', innocent: true }],
  ] as const)('%s', (_case, code, change, expected) => expect(judgeMove(ending(code), { ...context, ...change })).toMatchObject(expected));

  test('it moved, with the figures of its report', () =>
    expect(judgeMove({ ...ending('Internal'), report: migrated(101, 'pve3') }, context)).toEqual({ state: 'moved', reason: '', stale: false, to: 'pve3', downtimeMs: 40, bytes: 12 }));
  test('another hand moved it', () =>
    expect(judgeMove({ ...ending('Internal'), report: migrated(101, 'pve3') }, { ...context, foreign: true })).toMatchObject({ state: 'gone', to: 'pve3', reason: 'moved to pve3 by another migration, requested by somebody' }));
});

describe('the last word', () => {
  const nothing = { guests: [], processes: [], volumes: [], reservations: [] };

  test('only what the node itself says makes it empty', () => {
    const book = bookOf([move(101)]);
    book.begin(move(101), 1);
    book.settle(101, { state: 'moved', reason: '', stale: false }, 2);
    expect(conclude(book, 'pve1', nothing).outcome).toBe('empty');
    expect(conclude(book, 'pve1', { ...nothing, volumes: ['vm-9-disk-0'] })).toEqual({ outcome: 'not-empty', reason: 'pve1 is not empty: vm-9-disk-0 is in use' });
    expect(conclude(book, 'pve1', 'the agent is away').outcome).toBe('not-empty');
  });

  test('a guest that stays makes it not empty, whatever the node says', () => {
    const book = EvacuationBook.open(request(), 'away', 0);
    book.adopt(planOf([], [{ vmid: 108, kind: 'qemu', name: 'gpu', code: 'local-device', sentence: 'it has a device', remedy: 'remove it' }]));
    expect(conclude(book, 'pve1', nothing)).toEqual({ outcome: 'not-empty', reason: 'pve1 is not empty: 108 (it has a device)' });
  });

  test('too many guests in trouble stop it, and say who they are', () => {
    const book = bookOf([move(101), move(102)], { failureBudget: 0 });
    book.begin(move(101), 1);
    book.settle(101, { state: 'failed', reason: 'it did not converge', stale: false }, 2);
    expect(book.stop).toBe('budget');
    expect(conclude(book, 'pve1', null)).toEqual({ outcome: 'stopped', reason: 'stopped: more than 0 guests are in trouble: 101 (it did not converge); still on pve1: 101, 102' });
  });
});

test('coming home is the way out, backwards', () => {
  const guests = [
    { vmid: 101, kind: 'qemu', name: 'a', to: 'pve2', mode: 'live', applications: ['app-x'] },
    { vmid: 102, kind: 'qemu', name: 'b', to: 'pve3', mode: 'offline', applications: [], targetStorage: 'fast:slow,local:big' },
  ] as const;
  expect(planReturn('pve1', guests).moves.map(({ vmid, from, to, order, targetStorage, applications }) => ({ vmid, from, to, order, targetStorage, applications }))).toEqual([
    { vmid: 102, from: 'pve3', to: 'pve1', order: 0, targetStorage: 'slow:fast,big:local', applications: [] },
    { vmid: 101, from: 'pve2', to: 'pve1', order: 1, targetStorage: undefined, applications: ['app-x'] },
  ]);
});

test('details stay small, whoever has named a guest what', () => {
  const book = bookOf(Array.from({ length: 300 }, (_, index) => move(100 + index, { name: '| evil | <b>'.repeat(9) })));
  const text = renderEvacuationDetails({
    node: 'pve1', direction: 'away', phase: 'moving', detail: 'x'.repeat(5000), guests: book.guests, plan: null, concurrency: 2, bwlimitKiBps: null, startedAtMs: 0, etaMs: 1, actions: [], incidents: [], report: null,
  });
  expect(Buffer.byteLength(text)).toBeLessThanOrEqual(2000);
  expect(text).not.toContain('<b>');
  expect(text).toContain('0 of 300 moved, 300 waiting');
});

test('what is left is told by forecasts and by how far they were off', () => {
  const book = bookOf([move(101), move(102), move(103)], { concurrency: 1 });
  expect(evacuationEta(book, 0)).toBe(3000);
  book.begin(move(101), 0);
  book.settle(101, { state: 'moved', reason: '', stale: false }, 2000);
  expect(evacuationEta(book, 2000)).toBe(4000);
});
