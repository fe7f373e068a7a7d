import { Claims, type SlotMessage } from '../../../domain/admission/claims.js';
import type { Pool, SlotAnswer, SlotNeed } from '../../../domain/contracts/slots.js';

const OUT: readonly Pool[] = ['prepare-out', 'transfer-out', 'switchover-out'];
const need = (resource: string, pools = OUT): SlotNeed => ({ resource, pools, configured: {} });
const answer = (resource: string, seq: number, granted: boolean): SlotAnswer => ({ resource, epoch: 'e', seq, granted, position: granted ? 0 : 1, waiting: granted ? 0 : 1, reason: '' });
const short = (messages: readonly SlotMessage[]): string[] =>
  messages.map((message) => (message.kind === 'request' ? `${message.seq} ask ${message.need.resource}` : `${message.seq} release ${message.resource}, keep ${message.keep.join(' ')}`.trim()));

function asked(...resources: string[]): Claims {
  const claims = new Claims();
  claims.want(resources.map((resource) => need(resource)), 1);
  return claims;
}

describe('the claims of a migration', () => {
  test('are all asked at once, and complete when all are granted', () => {
    const claims = new Claims();
    expect(short(claims.want([need('a'), need('b')], 1))).toEqual(['1 ask a', '2 ask b']);
    expect(claims.hear(answer('b', 2, true), 3)).toEqual([]);
    expect(claims.complete).toBe(false);
    expect(claims.hear(answer('a', 1, true), 3)).toEqual([]);
    expect(claims.complete).toBe(true);
  });

  test('who waits gives back what comes behind, keeps what comes before, and asks again when it may', () => {
    const claims = asked('a', 'b', 'c');
    claims.hear(answer('a', 1, true), 9);
    claims.hear(answer('c', 3, true), 9);
    expect(short(claims.hear(answer('b', 2, false), 9))).toEqual(['9 release c, keep']);
    expect(claims.waiting.map(({ resource }) => resource)).toEqual(['b']);
    expect(short(claims.hear(answer('b', 2, true), 9))).toEqual(['10 ask c']);
    expect(claims.hear(answer('c', 3, true), 9)).toEqual([]);
    expect(claims.complete).toBe(false);
    claims.hear(answer('c', 10, true), 9);
    expect(claims.complete).toBe(true);
  });

  test('a grant that is not wanted any more is sent back', () => {
    const claims = asked('a');
    claims.done(['prepare', 'transfer', 'switchover'], 5);
    expect(short(claims.hear(answer('a', 1, true), 9))).toEqual(['9 release a, keep']);
  });

  test('what is needed no more is given back; what is needed after all is queued for anew', () => {
    const claims = asked('a');
    claims.hear(answer('a', 1, true), 2);
    expect(short(claims.want([need('a', ['prepare-out'])], 5))).toEqual(['5 release a, keep prepare-out']);
    expect(claims.complete).toBe(true);
    expect(short(claims.want([need('a')], 6))).toEqual(['6 ask a']);
    expect(claims.complete).toBe(false);
    expect(short(claims.want([need('b')], 7))).toEqual(['7 release a, keep', '8 ask b']);
  });

  test('a ledger that never answers is skipped, and given back in the end all the same', () => {
    const claims = asked('a', 'b');
    claims.hear(answer('a', 1, true), 2);
    expect(short(claims.askAgain(5))).toEqual(['5 ask b']);
    expect(claims.skipUnanswered(6)).toEqual({ skipped: ['b'], messages: [] });
    expect(claims.complete).toBe(true);
    expect(short(claims.done(['prepare', 'transfer', 'switchover'], 7))).toEqual(['7 release a, keep', '8 release b, keep']);
  });

  test('a part that has no limit is given back with the rest', () => {
    const claims = asked('a');
    claims.hear({ ...answer('a', 1, true), limited: ['transfer-out'] }, 2);
    expect(claims.done(['prepare'], 5)).toEqual([]);
    expect(short(claims.done(['prepare', 'transfer', 'switchover'], 6))).toEqual(['6 release a, keep']);
  });

  test('after a reset what may be held is given back', () => {
    const claims = new Claims();
    claims.assume([need('a')]);
    expect(short(claims.done(['prepare'], 7))).toEqual(['7 release a, keep transfer-out switchover-out']);
    expect(short(claims.done(['transfer', 'switchover'], 7))).toEqual(['8 release a, keep']);
  });
});
