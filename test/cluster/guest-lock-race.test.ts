import { makePveRoot, type PveRoot } from './support/pve-root.js';
import { startRacers, type Racers } from './support/racers.js';

const ROUNDS = 100;
const PROCESSES = 4;

let root: PveRoot;
let racers: Racers;
beforeAll(async () => {
  root = makePveRoot();
  root.write('nodes/pve1/qemu-server/101.conf', 'name: web\n');
  racers = await startRacers(PROCESSES, "import { createGuestConfigStore } from './cluster/guest-config-store.js';\nimport { createGuestLock } from './cluster/guest-lock.js';", `async (q: { epoch: string; does: string }) => {
    const lock = createGuestLock(${JSON.stringify(root.path)}, createGuestConfigStore(${JSON.stringify(root.path)}));
    if (q.does === 'owner') return (await lock.owner(101))?.epoch ?? null;
    if (q.does === 'release') return (await lock.release(101, q.epoch), 'released');
    return (await lock.take(101, 'pve1', { epoch: q.epoch, workflowId: 'of-' + q.epoch, requestedBy: 'me', since: 'now' }), 'taken');
  }`);
});
afterAll(async () => {
  await racers.stop();
  root.remove();
});

describe('many processes at one lock', () => {
  it(`take it once, and the others learn by whom, in ${ROUNDS} races`, async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const epochs = racers.all.map((_, index) => `epoch-${(index + round) % PROCESSES}-${round}`);
      const told = await Promise.all(racers.all.map(async (racer, index) => racer.ask({ does: 'take', epoch: epochs[index] })));
      const winners = epochs.filter((_, index) => told[index] === 'taken');
      expect([round, winners.length]).toEqual([round, 1]);
      for (const answer of told.filter((said) => said !== 'taken')) expect(answer).toMatchObject({ code: 'GuestLocked' });
      expect(await racers.all[0]?.ask({ does: 'owner' })).toBe(winners[0]);
      expect(root.ferryFiles(101)).toEqual([`${winners[0]}.claim`, 'lock.json']);
      await Promise.all(racers.all.map(async (racer, index) => racer.ask({ does: 'release', epoch: epochs[index] })));
      expect(root.ferryFiles(101)).toEqual([]);
    }
  }, 60_000);
});
