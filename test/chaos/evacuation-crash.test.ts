import { startEvacuation } from '../../client/api/evacuation/start.js';
import { tellRun } from '../../client/api/evacuation/steer.js';
import type { EvacuatedGuest } from '../../domain/contracts/evacuation-progress.js';
import { migrationWorkflowId } from '../../domain/ids.js';
import type { MigrationProgress } from '../../domain/contracts/progress.js';
import { EvacuationLab } from '../cluster-lab/support/evacuation-lab.js';
import { leftovers } from '../matrix/leftovers.js';

jest.setTimeout(600_000);

const RUNNING = [101, 102, 103];
const STOPPED = 104;
const GUESTS = [...RUNNING, STOPPED];
const LOST = 'pve2';
/** More to the node that is lost than may move at once, and one that is in no danger. */
const WAYS: Readonly<Record<number, string>> = { 101: LOST, 102: 'pve3', 103: LOST, [STOPPED]: LOST };

let small: EvacuationLab;
beforeAll(async () => {
  small = await EvacuationLab.start({
    nodes: 3, probed: RUNNING, once: RUNNING,
    fill: async (lab) => {
      for (const vmid of RUNNING) await lab.vmCreate(vmid, 'pve1', { memoryMiB: 128, workingSetMiB: 16, dirtyMiBps: 2, disks: ['shared:32M'], watched: true });
      await lab.vmCreate(STOPPED, 'pve1', { memoryMiB: 128, disks: ['local:32M'] });
      for (const vmid of RUNNING) await lab.vmStart(vmid);
    },
  });
});
afterAll(() => small?.down());

test('a target loses its power in the middle of an evacuation: its guests go elsewhere, nothing runs twice, and it cleans up when it is back', async () => {
  const { lab, client } = small;
  // Slower than the guests write: who is in flight stays in flight until the power is gone.
  await lab.slow('pve1', 'mig', '16mbit');
  const { workflowId } = await startEvacuation(client, 'pve1', { node: 'pve1', concurrency: 2, approval: true, requestedBy: 'test' });
  await small.untilProgress(workflowId, ({ phase }) => phase === 'awaitingApproval');
  for (const [vmid, target] of Object.entries(WAYS)) await tellRun(client, workflowId, 'retargetGuest', { vmid: Number(vmid), target, by: 'test' });
  await tellRun(client, workflowId, 'approve', { by: 'test' });
  const before = await small.untilProgress(workflowId, ({ guests }) => guests.some((guest) => isMoving(guest)));
  const inFlight = before.guests.find(isMoving)?.vmid ?? 0;
  expect(before.guests.filter(({ state, to }) => state === 'waiting' && to === LOST)).not.toEqual([]);
  await copiesMemory(inFlight);
  await lab.crash(LOST);
  await lab.slow('pve1', 'mig', 'off');

  const report = await small.reportOf(workflowId);
  expect({ outcome: report.outcome, states: report.guests.map(({ state }) => state), on: GUESTS.map((vmid) => small.nodeOf(vmid)) })
    .toEqual({ outcome: 'empty', states: GUESTS.map(() => 'moved'), on: GUESTS.map(() => 'pve3') });
  expect(report.guests.map(({ vmid, to }) => [vmid, to])).toEqual(report.guests.map(({ vmid }) => [vmid, 'pve3']));
  expect(report.guests.find(({ vmid }) => vmid === inFlight)?.attempts).toBe(2);
  expect(report.plans).toBeGreaterThan(1);
  expect(report.incidents.join('\n')).toContain(`guest ${inFlight}: its migration waited for`);
  expect(report.incidents.join('\n')).toContain(`${LOST} takes no guests`);
  await small.expectCanariesClean();

  await lab.boot(LOST);
  await Promise.all(GUESTS.map((vmid) => cleanedUp(vmid)));
  for (const vmid of GUESTS) expect({ vmid, left: await leftovers(lab, vmid, 'pve3', { runs: vmid !== STOPPED }) }).toEqual({ vmid, left: [] });
  await small.expectCanariesClean();
});

const isMoving = ({ state, to }: EvacuatedGuest): boolean => state === 'moving' && to === LOST;

async function copiesMemory(vmid: number): Promise<void> {
  const handle = small.client.temporal.workflow.getHandle(migrationWorkflowId(vmid));
  const deadlineMs = performance.now() + 60_000;
  for (;;) {
    const progress = await handle.query<MigrationProgress>('progress').catch(() => null);
    if (progress !== null && progress.lastSample !== null) return;
    if (performance.now() > deadlineMs) throw new Error(`guest ${vmid} does not copy memory: ${JSON.stringify(progress)}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Whatever waited for the node has ended: its clean-up is over. */
async function cleanedUp(vmid: number): Promise<void> {
  const { workflow } = small.client.temporal;
  for await (const { workflowId } of workflow.list({ query: `WorkflowType = 'cleanUpNodes' AND GuestId = '${vmid}'` })) {
    expect(await workflow.getHandle(workflowId).result()).toEqual([expect.stringMatching(/is clean$/)]);
  }
}
