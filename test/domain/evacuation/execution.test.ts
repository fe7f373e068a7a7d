import fc from 'fast-check';
import type { PlannedMove } from '../../../domain/contracts/evacuation.js';
import { decideNext } from '../../../domain/evacuation/decide-next.js';
import type { MoveVerdict } from '../../../domain/evacuation/judge-move.js';
import { bookOf, move, planOf } from './support.js';

interface Course {
  readonly moves: readonly PlannedMove[];
  readonly concurrency: number;
  readonly canary: number;
  readonly failureBudget: number;
  /** What becomes of the guest that is next to end, and who that is. */
  readonly fates: readonly { readonly pick: number; readonly state: MoveVerdict['state']; readonly pauseFirst: boolean }[];
}

const course: fc.Arbitrary<Course> = fc.record({
  moves: fc.integer({ min: 1, max: 14 }).chain((count) => fc.tuple<PlannedMove[]>(...Array.from({ length: count }, (_, index) => fc.record({
    needs: fc.subarray(Array.from({ length: index }, (__, before) => 100 + before), { maxLength: Math.min(2, index) }), applications: fc.subarray(['app-a', 'app-b', 'app-c'], { maxLength: 2 }),
  }).map(({ needs, applications }) => move(100 + index, { needs, applications, order: index }))))),
  concurrency: fc.integer({ min: 1, max: 5 }),
  canary: fc.integer({ min: 0, max: 3 }),
  failureBudget: fc.integer({ min: 0, max: 5 }),
  fates: fc.array(fc.record({
    pick: fc.nat(20), state: fc.constantFrom('moved', 'moved', 'moved', 'retrying', 'failed', 'gone', 'skipped'), pauseFirst: fc.boolean(),
  }), { maxLength: 60 }),
});

test('at no moment of an execution is concurrency, application, order or canary broken, and it always ends', () => {
  fc.assert(fc.property(course, ({ moves, concurrency, canary, failureBudget, fates }) => {
    const book = bookOf(moves, { concurrency, canary, failureBudget });
    const canaries = new Set(book.guests.filter((guest) => guest.canary).map(({ vmid }) => vmid));
    const started: number[] = [];
    let fate = 0;
    for (let round = 0; round < 400; round += 1) {
      const { pick = 0, state = 'moved', pauseFirst = false } = fates[fate] ?? {};
      book.paused = pauseFirst && round % 2 === 0;
      const before = book.stop;
      const step = decideNext(book, { open: true, stale: false });
      if (book.paused || before !== null) expect(step.kind).not.toBe('start');
      if (step.kind === 'end' || step.kind === 'prove') return;
      if (step.kind === 'start') {
        for (const one of step.moves) {
          const away = new Set(book.in('moved', 'gone').map(({ vmid }) => vmid));
          expect(one.needs.every((vmid) => away.has(vmid))).toBe(true);
          if (!canaries.has(one.vmid)) expect([...canaries].every((vmid) => started.includes(vmid) || book.guest(vmid)?.state !== 'waiting')).toBe(true);
          started.push(one.vmid);
          book.begin(one, round);
        }
      }
      const running = book.running;
      expect(running.length).toBeLessThanOrEqual(concurrency);
      if (running.some((guest) => guest.canary)) expect(running).toHaveLength(1);
      const busy = running.flatMap(({ applications }) => applications);
      expect(new Set(busy).size).toBe(busy.length);
      const ending = running[pick % Math.max(1, running.length)];
      if (ending !== undefined && step.kind !== 'start') {
        fate += 1;
        const last = book.guest(ending.vmid)?.attempts ?? 0;
        book.settle(ending.vmid, { state: state === 'retrying' && last >= 3 ? 'failed' : state, reason: 'so', stale: false }, round);
      }
      if (step.kind === 'plan' || step.kind === 'rest') {
        const settled = new Set(book.settled);
        const left = moves.filter(({ vmid }) => !settled.has(vmid));
        const gone = new Set(book.in('failed', 'skipped').map(({ vmid }) => vmid));
        book.adopt(planOf(left.map((one) => ({ ...one, needs: one.needs.filter((vmid) => !gone.has(vmid)) }))));
      }
    }
    throw new Error('it did not end');
  }), { numRuns: 150 });
});

test('what is carried into the next run is all there is', () => {
  fc.assert(fc.property(course, ({ moves, concurrency }) => {
    const book = bookOf(moves, { concurrency });
    const step = decideNext(book, { open: true, stale: false });
    if (step.kind === 'start') for (const one of step.moves) book.begin(one, 1);
    const copy = JSON.parse(JSON.stringify(book.data)) as typeof book.data;
    expect(copy).toEqual(JSON.parse(JSON.stringify(book.data)));
    expect(copy.guests).toHaveLength(moves.length);
  }), { numRuns: 50 });
});
