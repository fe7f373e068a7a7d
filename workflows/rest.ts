import { CancellationScope, sleep } from '@temporalio/workflow';

/** Sleeps, but not longer than until one of `wakes` succeeds; what is still asked then is called off and awaited. */
export async function rest(ms: number, summary: string, wakes: readonly (() => Promise<unknown>)[]): Promise<void> {
  const scope = new CancellationScope();
  await scope.run(async () => {
    const timer = sleep(ms, { summary });
    const calls = wakes.map((wake) => wake());
    await Promise.race([timer, ...calls.map((call) => call.catch(() => timer))]);
    scope.cancel();
    await Promise.allSettled([timer, ...calls]);
  });
}
