/** The same steps, with `before` called at the beginning of each: what it throws is the step's failure. */
export function watched<T extends object>(steps: T, before?: (step: string) => void): T {
  if (before === undefined) return steps;
  return Object.fromEntries(Object.entries(steps).map(([name, step]) => [name, async (input: unknown): Promise<unknown> => {
    before(name);
    return (step as (input: unknown) => Promise<unknown>)(input);
  }])) as T;
}
