import { startReturn } from '../../client/api/evacuation/start.js';
import { planEvacuation } from '../../client/api/plan.js';
import { parseEvacuationRequest } from '../../domain/edge/evacuation-request.js';
import { renderPlan } from '../../domain/placement/render-text.js';
import type { EvacuationLab } from '../cluster-lab/support/evacuation-lab.js';
import { ALL, PINNED, WISHES, startTwelveGuests, twelveOn } from '../cluster-lab/support/twelve-guests.js';

jest.setTimeout(300_000);
let twelve: EvacuationLab;
beforeAll(async () => {
  twelve = await startTwelveGuests();
});
afterAll(() => twelve?.down());

test('a node with twelve guests is emptied by plan but for the one it names, and they come home', async () => {
  const { client } = twelve;
  const plan = await planEvacuation(client, parseEvacuationRequest(WISHES));
  console.log(renderPlan(plan));
  expect(plan.stays.map(({ vmid }) => vmid)).toEqual([PINNED]);
  expect(plan.moves.filter(({ parking }) => !parking).map(({ vmid }) => vmid).sort()).toEqual(ALL.filter((vmid) => vmid !== PINNED).sort());
  expect(plan.moves.some(({ parking }) => parking)).toBe(true);
  expect(twelveOn(twelve, 'pve1')).toEqual(ALL);

  // As the Temporal UI starts it: a type, a queue, an id of the operator's own, one JSON document.
  const { workflowId } = await client.temporal.workflow.start('evacuateNode', { taskQueue: 'migrations', workflowId: 'emptied-by-hand', args: [WISHES] });
  const report = await twelve.reportOf(workflowId);
  expect({ outcome: report.outcome, left: twelveOn(twelve, 'pve1'), remains: report.remains })
    .toEqual({ outcome: 'not-empty', left: [PINNED], remains: { guests: [], processes: [], volumes: [], reservations: [] } });
  expect(twelve.nodeOf(101)).not.toBe(twelve.nodeOf(102));
  await twelve.expectCanariesClean();

  const home = await twelve.reportOf((await startReturn(client, 'pve1', { node: 'pve1', requestedBy: 'test' })).workflowId);
  expect({ outcome: home.outcome, home: twelveOn(twelve, 'pve1') }).toEqual({ outcome: 'home', home: ALL });
  await twelve.expectCanariesClean();
});
