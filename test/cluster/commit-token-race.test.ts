import { makePveRoot, type PveRoot } from './support/pve-root.js';
import { startRacers, type Racers } from './support/racers.js';

const ROUNDS = 250;
const SIDES = ['committed', 'aborted', 'committed', 'aborted', 'create', 'create'] as const;

let root: PveRoot;
let racers: Racers;
beforeAll(async () => {
  root = makePveRoot();
  racers = await startRacers(SIDES.length, "import { createCommitToken } from './cluster/commit-token.js';", `async (q: { epoch: string; does: string }) => {
    const token = createCommitToken(${JSON.stringify(root.path)});
    if (q.does === 'create') return (await token.create(101, q.epoch), 'made');
    if (q.does === 'read') return token.read(101, q.epoch);
    return token.decide(101, q.epoch, q.does as 'committed' | 'aborted');
  }`);
});
afterAll(async () => {
  await racers.stop();
  root.remove();
});

const race = async (epoch: string, does: readonly string[]): Promise<unknown[]> =>
  Promise.all(racers.all.map(async (racer, index) => racer.ask({ epoch, does: does[index] })));

describe('many processes at one token', () => {
  it(`decide once, in ${ROUNDS} races of commit against abort with late attempts to make it again`, async () => {
    const outcomes = new Set<unknown>();
    for (let round = 0; round < ROUNDS; round += 1) {
      const epoch = `race-${round}`;
      expect(await racers.all[0]?.ask({ epoch, does: 'create' })).toBe('made');
      const told = (await race(epoch, rotate(SIDES, round))).filter((answer) => answer !== 'made');
      expect(new Set(told).size).toBe(1);
      expect(new Set(await race(epoch, SIDES.map(() => 'read')))).toEqual(new Set(told));
      expect(root.ferryFiles(101).filter((name) => name.startsWith(`${epoch}.`))).toEqual([`${epoch}.${String(told[0])}`, `${epoch}.made`].sort());
      outcomes.add(told[0]);
    }
    expect(outcomes).toEqual(new Set(['committed', 'aborted']));
  }, 60_000);

  it(`while the token is being made: none, or one and the same decision, in ${ROUNDS} races`, async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const epoch = `early-${round}`;
      const told = (await race(epoch, rotate(SIDES, round))).filter((answer) => answer !== 'made' && answer !== 'none');
      expect(new Set(told).size).toBeLessThanOrEqual(1);
      const [final] = new Set(await race(epoch, SIDES.map(() => 'read')));
      expect(final).toBe(told[0] ?? 'undecided');
    }
  }, 60_000);
});

const rotate = <T>(items: readonly T[], by: number): T[] => items.map((_, index) => items[(index + by) % items.length] as T);
