import { CancellationScope } from '@temporalio/workflow';

/**
 * Runs both at once. When one fails the other is cancelled and awaited before the failure is passed on: nobody acts behind an undo's back.
 */
export async function together<A, B>(first: () => Promise<A>, second: () => Promise<B>): Promise<[A, B]> {
  const scope = new CancellationScope();
  const failures: unknown[] = [];
  const guarded = <T>(promise: Promise<T>): Promise<T> =>
    promise.catch((error: unknown) => {
      if (failures.push(error) === 1) scope.cancel();
      throw error;
    });
  const [a, b] = await scope.run(() => Promise.allSettled([guarded(first()), guarded(second())]));
  if (a.status === 'fulfilled' && b.status === 'fulfilled') return [a.value, b.value];
  throw failures[0];
}
