import { createLimiter } from '../../../../hypervisor/storage/copy/limiter.js';

test('unlimited takes no time and hands over everything at once', async () => {
  const limiter = createLimiter(null);
  expect(limiter.sliceBytes).toBe(Number.POSITIVE_INFINITY);
  await Promise.all([...Array(1000).keys()].map(() => limiter.take(1_000_000)));
});

test('a slice is a fiftieth of the limit, and never more than 256 KiB', () => {
  expect([1, 1000, 1_000_000, 1e9].map((limit) => createLimiter(limit).sliceBytes)).toEqual([1, 20, 20_000, 262_144]);
});

test('whoever comes first goes first, and together they keep to the limit', async () => {
  const limiter = createLimiter(100_000);
  const order: number[] = [];
  const beganAtMs = performance.now();
  await Promise.all([...Array(20).keys()].map(async (n) => {
    await limiter.take(2000);
    order.push(n);
  }));
  expect(order).toEqual([...Array(20).keys()]);
  // The last one waits for what the others took.
  expect(performance.now() - beganAtMs).toBeGreaterThan(370);
});

test('a change reaches who is waiting', async () => {
  const limiter = createLimiter(10);
  await limiter.take(1_000_000);
  const waiting = limiter.take(1);
  limiter.bytesPerSecond = null;
  await waiting;
});

test('who gives up does not hold the others', async () => {
  const limiter = createLimiter(50_000);
  await limiter.take(10_000);
  const abort = new AbortController();
  const given = limiter.take(1, abort.signal);
  const next = limiter.take(1);
  abort.abort(new Error('enough'));
  await expect(given).rejects.toThrow('enough');
  await next;
});
