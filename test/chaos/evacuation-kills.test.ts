import { startEvacuation } from '../../client/api/evacuation/start.js';
import type { EvacuationLab } from '../cluster-lab/support/evacuation-lab.js';
import { PINNED, WISHES, startTwelveGuests, twelveOn } from '../cluster-lab/support/twelve-guests.js';

jest.setTimeout(300_000);
let twelve: EvacuationLab;
beforeAll(async () => {
  twelve = await startTwelveGuests();
});
afterAll(() => twelve?.down());

test('Temporal and the control worker are killed in the middle of an evacuation: the same plan goes on, and nothing moves twice', async () => {
  const run = await startEvacuation(twelve.client, 'pve1', WISHES);
  const held: { restarted: Promise<void> | null } = { restarted: null };
  const report = await twelve.reportOf(run.workflowId, ({ guests }) => {
    if (guests.some(({ state }) => state === 'moved')) held.restarted ??= restart();
  });
  expect(held.restarted).not.toBeNull();
  await held.restarted;
  expect({ outcome: report.outcome, plans: report.plans, left: twelveOn(twelve, 'pve1') }).toEqual({ outcome: 'not-empty', plans: 1, left: [PINNED] });
  expect(report.guests.filter(({ state }) => state === 'moved').map(({ attempts }) => attempts)).toEqual(report.guests.filter(({ vmid }) => vmid !== PINNED).map(() => 1));
  await twelve.expectCanariesClean();
});

async function restart(): Promise<void> {
  const { lab } = twelve;
  await Promise.all([lab.control('kill'), lab.temporal('kill')]);
  await lab.temporal('start');
  await lab.control('start');
}
