import { turnsOf } from '../../bench/turns.js';

const NODES = 3;

/** From which of the nodes each side starts, over which transport; one move goes before. */
function starts(transports: readonly string[], pairs: number): Record<string, number[]> {
  const counts: Record<string, number[]> = {};
  let node = 1;
  for (const { transport, first } of turnsOf(transports, pairs)) {
    for (const who of first === 'bare' ? ['bare', 'ferry'] : ['ferry', 'bare']) {
      const of = (counts[`${transport} ${who}`] ??= [0, 0, 0]);
      of[node] = (of[node] ?? 0) + 1;
      node = (node + 1) % NODES;
    }
  }
  return counts;
}

test.each([[['secure', 'insecure', 'tls']], [['insecure']], [['secure', 'tls']]])('%j: in six rounds each side starts from each node equally often', (transports) => {
  const counts = starts(transports, 6);
  expect(Object.keys(counts)).toHaveLength(2 * transports.length);
  expect(Object.values(counts)).toEqual(Object.values(counts).map(() => [2, 2, 2]));
});

test('each side is first in every other round, and each transport is taken once in each', () => {
  const turns = turnsOf(['a', 'b'], 4);
  expect(turns.map(({ transport, first, pair }) => `${pair} ${transport} ${first}`)).toEqual(['1 a bare', '1 b bare', '2 b ferry', '2 a ferry', '3 a bare', '3 b bare', '4 b ferry', '4 a ferry']);
});
