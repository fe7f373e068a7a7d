import { LedgerDesk } from '../../../domain/admission/desk.js';
import { renderLedgerDetails } from '../../../domain/admission/details.js';
import { newLedger } from '../../../domain/admission/ledger.js';
import { AGEING_MS } from '../../../domain/admission/priority.js';
import type { Pool, SlotLimits, SlotRequest } from '../../../domain/contracts/slots.js';

const OUT: readonly Pool[] = ['prepare-out', 'transfer-out', 'switchover-out'];

function asked(vmid: number, change: Partial<SlotRequest> = {}): SlotRequest {
  return { vmid, epoch: `e${vmid}`, workflowId: `migrate-guest-${vmid}`, priority: 3, seq: 1, pools: OUT, sinceMs: vmid, ...change };
}

function deskWith(limits: SlotLimits, ...requests: SlotRequest[]): LedgerDesk {
  const desk = new LedgerDesk(newLedger('pve1', limits), 0);
  for (const request of requests) desk.request(request, 1000 + request.seq);
  return desk;
}

const served = ({ view }: LedgerDesk): { holds: number[]; waits: number[] } => ({ holds: view.holders.map(({ vmid }) => vmid), waits: view.waiters.map(({ vmid }) => vmid) });

describe('a ledger', () => {
  test('the same migration twice is one slot, and is answered twice', () => {
    const desk = deskWith({ 'transfer-out': 2 }, asked(101), asked(101, { seq: 2 }));
    expect(desk.view.holders).toHaveLength(1);
    expect(desk.takeAnswers().map(({ seq, granted }) => [seq, granted])).toEqual([[1, true], [2, true]]);
  });

  test('who takes the answer along is not told a second time; others are told what follows from it', () => {
    const desk = deskWith({ 'transfer-out': 1 }, asked(101), asked(102));
    desk.takeAnswers();
    expect(desk.answer(asked(103), 2000)).toEqual({ resource: 'pve1', epoch: 'e103', seq: 1, granted: false, position: 2, waiting: 2, limited: ['transfer-out'], reason: '1 of 1 transfers out is taken, by guest 101' });
    expect(desk.takeAnswers()).toEqual([]);
    expect(desk.answer(asked(101, { seq: 2, pools: ['prepare-out'] }), 3000)).toMatchObject({ epoch: 'e101', seq: 2, granted: true });
    expect(desk.takeAnswers().map(({ epoch, granted }) => [epoch, granted])).toEqual([['e102', true], ['e103', false]]);
  });

  test('a request of one that has left before gets no answer, and nothing', () => {
    const desk = deskWith({}, asked(101, { seq: 5 }));
    desk.takeAnswers();
    desk.release({ epoch: 'e101', seq: 9, keep: [] }, 2000);
    expect(desk.answer(asked(101, { seq: 8 }), 3000)).toBeNull();
    expect(served(desk)).toEqual({ holds: [], waits: [] });
  });

  test('says why it grants, and why not', () => {
    const desk = deskWith({ 'transfer-out': 1 }, asked(101), asked(102), asked(103));
    expect(desk.takeAnswers().map(({ epoch, granted, position, waiting, reason }) => [epoch, granted, position, waiting, reason])).toEqual([
      ['e101', true, 0, 0, '1 preparations out, 1 of 1 transfers out, 1 running guests out'],
      ['e102', false, 1, 1, '1 of 1 transfers out is taken, by guest 101'],
      ['e103', false, 2, 2, '1 of 1 transfers out is taken, by guest 101'],
    ]);
    expect(renderLedgerDetails([desk.view])).toMatch(/\| pve1&emsp; \| transfers out&emsp; \| 1&emsp; \| 1 \|[^]*\| pve1&emsp; \| guest 101&emsp;[^]*\| pve1&emsp; \| guest 102&emsp;.*taken, by guest 101/);
  });

  test.each<[string, (desk: LedgerDesk) => void, { holds: number[]; waits: number[] }]>([
    ['a release lets the next one in', (desk) => desk.release({ epoch: 'e101', seq: 2, keep: [] }, 9), { holds: [102], waits: [103] }],
    ['a release twice lets one in', (desk) => [2, 2].forEach((seq) => desk.release({ epoch: 'e101', seq, keep: [] }, 9)), { holds: [102], waits: [103] }],
    ['a release of a part keeps the rest', (desk) => desk.release({ epoch: 'e101', seq: 2, keep: ['transfer-out'] }, 9), { holds: [101], waits: [102, 103] }],
    ['a request that was overtaken by its release brings nothing back', (desk) => {
      desk.release({ epoch: 'e101', seq: 5, keep: [] }, 9);
      desk.request(asked(101, { seq: 4 }), 9);
    }, { holds: [102], waits: [103] }],
    ['a release that was overtaken by the next request takes nothing', (desk) => {
      desk.request(asked(101, { seq: 5 }), 9);
      desk.release({ epoch: 'e101', seq: 4, keep: [] }, 9);
    }, { holds: [101], waits: [102, 103] }],
    ['who left and asks again is served by age', (desk) => {
      desk.release({ epoch: 'e101', seq: 2, keep: [] }, 9);
      desk.request(asked(101, { seq: 3 }), 9);
    }, { holds: [102], waits: [101, 103] }],
    ['a holder that is gone is dropped', (desk) => desk.drop('e101', 9), { holds: [102], waits: [103] }],
    ['more slots let more in', (desk) => desk.changeLimits({ limits: { 'transfer-out': 2 } }, 9), { holds: [101, 102], waits: [103] }],
    ['fewer take nothing away', (desk) => desk.changeLimits({ limits: { 'transfer-out': 0 } }, 9), { holds: [101], waits: [102, 103] }],
    ['null goes back to what is configured', (desk) => [2, null].forEach((limit) => desk.changeLimits({ limits: { 'transfer-out': limit } }, 9)), { holds: [101, 102], waits: [103] }],
  ])('%s', (_title, act, expected) => {
    const desk = deskWith({ 'transfer-out': 1 }, asked(101), asked(102), asked(103));
    act(desk);
    expect(served(desk)).toEqual(expected);
  });

  test('in and out are counted apart', () => {
    const desk = deskWith({ 'transfer-out': 1, 'transfer-in': 1 }, asked(101), asked(102), asked(103, { pools: ['transfer-in'] }));
    expect(served(desk)).toEqual({ holds: [101, 103], waits: [102] });
  });

  test('nobody small passes one who waits for more', () => {
    const desk = deskWith({ 'transfer-out': 2, 'switchover-out': 1 }, asked(101), asked(102), asked(103, { pools: ['transfer-out'] }));
    expect(desk.view.waiters.map(({ vmid, reason }) => [vmid, reason])).toEqual([[102, '1 of 1 running guests out is taken, by guest 101'], [103, 'guest 102 is due before it']]);
  });

  test('who waits for what is closed stands in nobody\'s way', () => {
    const desk = deskWith({ 'transfer-out': 2, 'switchover-out': 0 }, asked(101), asked(103, { pools: ['transfer-out'] }));
    expect(served(desk)).toEqual({ holds: [103], waits: [101] });
    expect(desk.view.waiters[0]?.reason).toBe('running guests out are closed (limit 0)');
  });

  test.each<[string, number, number[]]>([
    ['a more urgent one is served first', AGEING_MS - 1, [103, 102]],
    ['but not before one who has waited longer than a level is worth', AGEING_MS + 1, [102, 103]],
  ])('%s', (_title, laterMs, order) => {
    const desk = deskWith({ 'transfer-out': 1 }, asked(101));
    desk.request(asked(102, { priority: 3, sinceMs: 2000 }), 2000);
    desk.request(asked(103, { priority: 2, sinceMs: 2000 + laterMs }), 2000 + laterMs);
    expect(served(desk).waits).toEqual(order);
  });

  test('the first five of the queue hear of each step, the others when they ask', () => {
    const desk = deskWith({ 'transfer-out': 1 }, ...Array.from({ length: 10 }, (_, index) => asked(101 + index)));
    desk.takeAnswers();
    desk.release({ epoch: 'e101', seq: 9, keep: [] }, 9);
    expect(desk.takeAnswers().map(({ epoch, position }) => [epoch, position])).toEqual([['e102', 0], ['e103', 1], ['e104', 2], ['e105', 3], ['e106', 4], ['e107', 5]]);
  });

  test('what is handed on is all there is', () => {
    const desk = deskWith({ 'transfer-out': 1 }, asked(101), asked(102));
    desk.changeLimits({ limits: { 'transfer-in': 4 }, by: 'tester' }, 9);
    const next = new LedgerDesk(JSON.parse(JSON.stringify(desk.ledger)) as typeof desk.ledger, 0);
    expect(next.view).toEqual(desk.view);
    expect(next.hasAnswers).toBe(false);
  });

  test('is forgotten when nobody holds or waits, unless an operator has set a limit', () => {
    const desk = deskWith({}, asked(101));
    expect(desk.isForgettable).toBe(false);
    desk.release({ epoch: 'e101', seq: 2, keep: [] }, 9);
    expect(desk.isForgettable).toBe(true);
    desk.changeLimits({ limits: { 'transfer-in': 4 } }, 9);
    expect(desk.isForgettable).toBe(false);
  });
});
