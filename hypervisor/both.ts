/** Both results, once both are over: when one fails, nothing of the other is still under way. Throws the first failure of the two. */
export async function both<A, B>(first: Promise<A>, second: Promise<B>): Promise<[A, B]> {
  await Promise.allSettled([first, second]);
  return Promise.all([first, second]);
}
