import { setImmediate as nextTurn } from 'node:timers/promises';
import { letItSettleIn } from '../../../hypervisor/qemu/settle-in.js';

test.each([
  ['a guest that runs has some time for itself', false, 'later'],
  ['nobody waits for one that stays paused', true, 'at once'],
])('%s', async (_title, keepPaused, expected) => {
  const begunAtMs = performance.now();
  const settled = letItSettleIn({ keepPaused });
  await expect(Promise.race([settled.then(() => 'at once'), nextTurn('later')])).resolves.toBe(expected);
  await settled;
  // A timer may be early by a fraction of a millisecond.
  if (!keepPaused) expect(performance.now() - begunAtMs).toBeGreaterThan(29);
});
