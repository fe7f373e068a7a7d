import { connectTemporal, type FerryClient } from '../../client/index.js';
import { Lab } from '../../lab/lab.js';
import { newLabDir, removeLabDir } from '../lab/support/machine.js';
import { drawRounds } from './support/draw.js';
import { ChaosGuest } from './support/guest.js';
import { playRound } from './support/round.js';
import { Tally } from './support/tally.js';

const minutes = Number(process.env['MINUTES'] ?? 10);
const seed = Number(process.env['SEED'] ?? 1);
/** To replay a part: the first round to play. */
const first = Number(process.env['FIRST'] ?? 0);
jest.setTimeout((minutes + 15) * 60_000);

const dir = newLabDir();
let lab: Lab;
let client: FerryClient;
const guests: ChaosGuest[] = [];

beforeAll(async () => {
  lab = await Lab.up({ dir, nodes: 3 });
  const disks = [['local:32M,format=qcow2'], ['shared:32M'], ['local:32M', 'shared:32M,format=qcow2']];
  for (const [i, node] of lab.nodes.entries()) {
    await lab.vmCreate(101 + i, node, { memoryMiB: 192, workingSetMiB: 32, dirtyMiBps: 2 + 4 * i, disks: disks[i] ?? [], watched: true });
    guests.push(new ChaosGuest(lab, 101 + i));
  }
  await Promise.all(guests.map((guest) => guest.start()));
  client = await connectTemporal({ ...process.env, ...lab.env });
});

afterAll(async () => {
  await Promise.all(guests.map((guest) => guest.stop()));
  await client?.close();
  await lab?.down({ purge: true });
  removeLabDir(dir);
});

test(`guests go round for ${minutes} minutes while faults are drawn at random (seed ${seed})`, async () => {
  const draw = drawRounds(seed, guests.length, lab.nodes.length);
  const tally = new Tally(minutes);
  for (let index = first; !tally.isOver; index += 1) {
    const drawn = draw(index);
    const round = await playRound(lab, client, guests, drawn);
    tally.add(index, drawn, round);
    // What a broken promise left behind would be counted again in every later round.
    if (round.violations.length > 0) break;
  }
  tally.print(guests.reduce((sum, { restarts }) => sum + restarts, 0));
  expect(tally.violations).toEqual([]);
});
