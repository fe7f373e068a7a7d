import { bookOf, move, planOf } from './support.js';

test('a guest whose migration ends while all are planned again is not taken for one that has left', () => {
  const book = bookOf([move(101), move(102)]);
  book.begin(move(101), 1);
  const { settled } = book;
  // The plan is being made: it says nothing of who is on the move.
  book.settle(101, { state: 'retrying', reason: 'its mirror broke', stale: false }, 2);
  book.adopt(planOf([move(102)]), settled);
  expect(book.guest(101)).toMatchObject({ state: 'retrying', reason: 'its mirror broke' });
});

test('a guest that the plan was made for, and says nothing of, has left', () => {
  const book = bookOf([move(101), move(102)]);
  book.adopt(planOf([move(102)]), book.settled);
  expect(book.guest(101)?.state).toBe('gone');
});

test('an operator\'s target counts until the guest has failed there', () => {
  const book = bookOf([move(101)]);
  book.retarget(101, 'pve3');
  book.adopt(planOf([move(101, { to: 'pve2' })]));
  expect(book.guest(101)?.to).toBe('pve3');
  book.begin(move(101, { to: 'pve3' }), 1);
  book.settle(101, { state: 'retrying', reason: 'it is full', stale: true, avoid: 'pve3' }, 2);
  book.adopt(planOf([move(101, { to: 'pve2' })]));
  expect(book.moves.map(({ to }) => to)).toEqual(['pve2']);
});
