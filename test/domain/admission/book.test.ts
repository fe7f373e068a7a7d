import { LedgerBook } from '../../../domain/admission/book.js';
import type { Addressed, LedgerView, SlotRequest } from '../../../domain/contracts/slots.js';

const asked = (resource: string, vmid: number, seq = 1): Addressed<SlotRequest> =>
  ({ resource, vmid, epoch: `e${vmid}`, workflowId: `migrate-guest-${vmid}`, priority: 3, seq, pools: ['transfer-out'], sinceMs: vmid, configured: { 'transfer-out': 1 } });

const served = ({ views }: LedgerBook): unknown => Object.fromEntries(views.map(({ resource, holders, waiters }: LedgerView) => [resource, [holders.map(({ vmid }) => vmid), waiters.map(({ vmid }) => vmid)]]));

describe('the ledgers', () => {
  test('one message is answered by all it is for, each for itself', () => {
    const book = new LedgerBook([], 1);
    book.request([asked('pve1', 101)], 1);
    expect(book.takeAnswers().map(({ resource, granted }) => [resource, granted])).toEqual([['pve1', true]]);
    expect(book.answer([asked('pve2', 102), asked('pve1', 102)], 2).map(({ resource, granted }) => [resource, granted])).toEqual([['pve2', true], ['pve1', false]]);
    expect(book.takeAnswers()).toEqual([]);
    expect(served(book)).toEqual({ pve1: [[101], [102]], pve2: [[102], []] });
    expect(book.present.map(({ vmid }) => vmid)).toEqual([101, 102]);
    expect(book.hasWaiters).toBe(true);
  });

  test('what is given back at several is given on at each', () => {
    const book = new LedgerBook([], 1);
    book.request([asked('pve1', 101), asked('pve2', 101), asked('pve1', 102), asked('pve2', 103)], 1);
    book.takeAnswers();
    book.release([{ resource: 'pve1', epoch: 'e101', seq: 2, keep: [] }, { resource: 'pve2', epoch: 'e101', seq: 3, keep: [] }], 2);
    expect(book.takeAnswers().map(({ resource, epoch, granted }) => [resource, epoch, granted])).toEqual([['pve1', 'e102', true], ['pve2', 'e103', true]]);
  });

  test('who is gone is dropped everywhere', () => {
    const book = new LedgerBook([], 1);
    book.request([asked('pve1', 101), asked('pve2', 101), asked('pve2', 102)], 1);
    book.drop('e101', 2);
    expect(served(book)).toEqual({ pve1: [[], []], pve2: [[102], []] });
  });

  test('a release that overtook its request leaves nothing behind it', () => {
    const book = new LedgerBook([], 1);
    book.release([{ resource: 'pve1', epoch: 'e101', seq: 2, keep: [] }], 1);
    book.request([asked('pve1', 101)], 2);
    expect(served(book)).toEqual({ pve1: [[], []] });
  });

  test('the unused are closed after a while; a limit keeps its ledger, and the workflow, open', () => {
    const book = new LedgerBook([], 1);
    book.request([asked('pve1', 101), asked('pve2', 102)], 1);
    book.changeLimits({ resource: 'pve3', limits: { 'transfer-in': 4 }, by: 'tester' }, 2);
    book.drop('e101', 10);
    book.closeUnused(9);
    expect(Object.keys(served(book) as object)).toEqual(['pve1', 'pve2', 'pve3']);
    book.closeUnused(10);
    expect(Object.keys(served(book) as object)).toEqual(['pve2', 'pve3']);
    book.drop('e102', 11);
    expect(book.isForgettable).toBe(false);
    book.changeLimits({ resource: 'pve3', limits: { 'transfer-in': null } }, 12);
    expect(book.isForgettable).toBe(true);
  });

  test('what is handed on is all there is', () => {
    const book = new LedgerBook([], 1);
    book.request([asked('pve1', 101), asked('pve2', 102), asked('pve1', 103)], 1);
    const next = new LedgerBook(JSON.parse(JSON.stringify(book.ledgers)) as typeof book.ledgers, 2);
    expect(next.views).toEqual(book.views);
    expect(next.takeAnswers()).toEqual([]);
  });
});
