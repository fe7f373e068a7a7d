import { Bench } from './bench.js';
import { Scenario, type Ending, type ScenarioOptions } from './scenario.js';

export interface Row extends ScenarioOptions {
  readonly title: string;
  readonly outcome: 'migrated' | 'rolled-back' | 'refused' | 'cancelled' | 'no report';
}

/** Plays every row, several at a time; each row is a test of its own that says what is true whatever went wrong. */
export function describeTable(name: string, rows: readonly Row[], width = 6): void {
  describe(name, () => {
    let bench: Bench | undefined;
    let played: Promise<{ scenario: Scenario; ending: Ending }>[] = [];
    beforeAll(async () => {
      const started = await Bench.start();
      bench = started;
      played = inParallel(width, rows.map((row) => async () => {
        const scenario = new Scenario(started, row);
        return { scenario, ending: await scenario.play() };
      }));
    });
    afterAll(async () => {
      await Promise.allSettled(played);
      await bench?.stop();
    });

    it.each(rows.map((row, index) => [row.title, row, index] as const))('%s', async (_title, row, index) => {
      const { scenario, ending } = await (played[index] as (typeof played)[number]);
      expectSound(scenario, ending, row.outcome);
    });
  });
}

/** As `describeTable`, for cases that are told step by step. */
export function describeCases(name: string, cases: Readonly<Record<string, (bench: Bench) => Promise<void>>>, width = 5): void {
  describe(name, () => {
    let bench: Bench | undefined;
    let played: Promise<unknown>[] = [];
    beforeAll(async () => {
      const started = await Bench.start();
      bench = started;
      // A failure is kept for its own test.
      played = inParallel(width, Object.values(cases).map((tell) => () => tell(started).then(() => null, (error: unknown) => error)));
    });
    afterAll(async () => {
      await Promise.allSettled(played);
      await bench?.stop();
    });

    it.each(Object.keys(cases).map((title, index) => [title, index] as const))('%s', async (_title, index) => {
      const failure = await played[index];
      if (failure instanceof Error) throw failure;
      expect(failure).toBeNull();
    });
  });
}

/** As `expectSound`, of a settlement: it succeeds whichever way it ended the migration. */
export function expectSettled({ world }: Scenario, { status, report, message }: Ending, outcome: 'migrated' | 'rolled-back'): void {
  expect({ status, outcome: report?.outcome ?? message, owner: world.configOn, violations: world.violations, leftovers: world.leftovers() })
    .toEqual({ status: 'completed', outcome, owner: outcome === 'migrated' ? 'target' : 'source', violations: [], leftovers: [] });
}

/** One copy ran at any time, one is left, on the right node, with nothing beside it; and every fault did happen. */
export function expectSound({ world, fakes }: Scenario, { status, report, message }: Ending, outcome: Row['outcome']): void {
  const ended = report?.outcome ?? 'no report';
  expect({
    outcome: ended === outcome ? ended : `${ended}: ${report?.reason ?? message}`, owner: world.configOn, violations: world.violations, leftovers: world.leftovers(), pending: fakes.faults.pending,
  }).toEqual({ outcome, owner: outcome === 'migrated' ? 'target' : 'source', violations: [], leftovers: [], pending: [] });
  expect(status).toBe(outcome === 'migrated' ? 'completed' : outcome === 'cancelled' ? 'cancelled' : 'failed');
  if (status === 'failed') expect(message).not.toBe('');
}

function inParallel<T>(width: number, jobs: readonly (() => Promise<T>)[]): Promise<T>[] {
  const waiting: (() => void)[] = [];
  let free = width;
  const enter = (): Promise<void> => (free-- > 0 ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve)));
  const leave = (): void => {
    free += 1;
    waiting.shift()?.();
  };
  return jobs.map(async (job) => {
    await enter();
    return job().finally(leave);
  });
}
