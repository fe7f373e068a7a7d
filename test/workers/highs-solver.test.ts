import { createHighsSolver } from '../../workers/placement/highs-solver.js';

const KNAPSACK = `Maximize
 objective: + 10 a + 13 b + 7 c
Subject To
 weight: + 3 a + 4 b + 2 c <= 6
Bounds
 0 <= a <= 1
 0 <= b <= 1
 0 <= c <= 1
General
 a
 b
 c
End
`;

describe('createHighsSolver', () => {
  const solve = createHighsSolver();

  it('finds the best of whole numbers, and says that it is', async () => {
    expect(await solve(KNAPSACK)).toEqual({ values: { a: 0, b: 1, c: 1 }, proved: true });
  });

  it('has no answer to a model that has none', async () => {
    expect(await solve(KNAPSACK.replace('<= 6', '<= -1'))).toBeNull();
  });

  it('outlives what is no model at all', async () => {
    expect(await solve('nonsense')).toBeNull();
    expect(await solve(KNAPSACK)).toMatchObject({ proved: true });
  });

  it('answers questions asked at once one after the other', async () => {
    const answers = await Promise.all([solve(KNAPSACK), solve(KNAPSACK.replace('<= 6', '<= 4')), solve(KNAPSACK.replace('<= 6', '<= 2'))]);
    expect(answers.map((answer) => answer?.values)).toEqual([{ a: 0, b: 1, c: 1 }, { a: 0, b: 1, c: 0 }, { a: 0, b: 0, c: 1 }]);
  });
});
