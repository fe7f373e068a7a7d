import { Bench } from '../fakes/bench.js';
import { ledgersHaveEnded, newResource, viewOf, withConvoy } from '../fakes/convoy.js';
import { eventually } from '../fakes/scenario.js';

jest.setTimeout(120_000);

test('a control worker that goes in the middle, and comes back, loses no slot and no place', async () => {
  const bench = await Bench.start();
  try {
    await withConvoy(bench, async (convoy) => {
      const resource = newResource();
      await convoy.queue(resource, 2);
      const before = await viewOf(bench, resource);
      await bench.restartControl(async () => convoy.letGo(0));
      await convoy.copying(1);
      const { holders, waiters } = await viewOf(bench, resource);
      expect([...holders, ...waiters].map(({ vmid }) => vmid)).toEqual(before.waiters.map(({ vmid }) => vmid));
      for (const index of [1, 2]) {
        await convoy.copying(index);
        convoy.letGo(index);
      }
      for (const index of [0, 1, 2]) await convoy.expect(index, 'migrated');
      await eventually(() => ledgersHaveEnded(bench));
    });
  } finally {
    await bench.stop();
  }
});
