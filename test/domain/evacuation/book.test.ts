import type { MoveVerdict } from '../../../domain/evacuation/judge-move.js';
import { bookOf, move, planOf } from './support.js';

describe('a guest that an operator sends elsewhere', () => {
  const settled = (verdict: Partial<MoveVerdict>): string | null | undefined => {
    const book = bookOf([move(101)]);
    book.retarget(101, 'pve3');
    expect(book.moves).toMatchObject([{ vmid: 101, to: 'pve3' }]);
    book.begin(move(101, { to: 'pve3' }), 1);
    book.settle(101, { state: 'retrying', reason: 'why', stale: false, ...verdict }, 2);
    book.adopt(planOf([move(101)]));
    return book.guest(101)?.to;
  };

  test.each([
    ['goes where the plan says after a try there has failed', { avoid: 'pve3' }, 'pve2'],
    ['also when the node was not named as the reason', {}, 'pve2'],
    ['still goes there when the try was called off', { innocent: true }, 'pve3'],
  ] as const)('%s', (_title, verdict, to) => expect(settled(verdict)).toBe(to));
});
