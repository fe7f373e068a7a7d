import { letItSettleIn } from '../../../hypervisor/qemu/settle-in.js';

test.each([
  ['a guest that runs has some time for itself', false],
  ['nobody waits for one that stays paused', true],
])('%s', async (_title, keepPaused) => {
  const begunAtMs = performance.now();
  await letItSettleIn({ keepPaused });
  // A timer may be early by a fraction of a millisecond.
  expect(performance.now() - begunAtMs >= 29).toBe(!keepPaused);
});
