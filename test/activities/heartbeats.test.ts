import { setTimeout as pause } from 'node:timers/promises';
import { MockActivityEnvironment } from '@temporalio/testing';
import { atTheEdge, beatWith } from '../../activities/at-the-edge.js';

/** The heartbeats of one activity, which ends when it may. */
async function beatsOf(work: (beats: readonly unknown[]) => Promise<void>): Promise<readonly unknown[]> {
  const environment = new MockActivityEnvironment();
  const beats: unknown[] = [];
  environment.on('heartbeat', (details: unknown) => beats.push(details));
  const { step } = atTheEdge({ step: () => work(beats) });
  await environment.run(step);
  return beats;
}

test('what is done at once sends no heartbeat', async () => {
  expect(await beatsOf(() => Promise.resolve())).toEqual([]);
});

test('what lasts sends them until it ends, with its last figures', async () => {
  const beats = await beatsOf(async (soFar) => {
    while (soFar.length < 1) await pause(10);
    beatWith({ copied: 1 });
    while (soFar.length < 3) await pause(10);
  });
  expect(beats[0]).toBeUndefined();
  expect(beats.at(-1)).toEqual({ copied: 1 });
});
