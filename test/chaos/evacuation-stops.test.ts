import { startEvacuation, uncordon } from '../../client/api/evacuation/start.js';
import { tellRun } from '../../client/api/evacuation/steer.js';
import type { EvacuatedGuest, EvacuationProgress } from '../../domain/contracts/evacuation-progress.js';
import type { MigrationProgress } from '../../domain/contracts/progress.js';
import { migrationWorkflowId } from '../../domain/ids.js';
import { EvacuationLab } from '../cluster-lab/support/evacuation-lab.js';

jest.setTimeout(600_000);

const GUESTS = [101, 102, 103];
const MINUTE_MS = 60_000;
/** Its first pass over the memory takes minutes: who is in flight stays so until the network is fast again. */
const CRAWL = '4mbit';

let small: EvacuationLab;
beforeAll(async () => {
  small = await EvacuationLab.start({
    nodes: 2, probed: GUESTS, once: GUESTS,
    fill: async (lab) => {
      for (const vmid of GUESTS) await lab.vmCreate(vmid, 'pve1', { memoryMiB: 128, workingSetMiB: 16, dirtyMiBps: 2, disks: ['shared:32M'], watched: true });
      for (const vmid of GUESTS) await lab.vmStart(vmid);
    },
  });
});
afterAll(() => small?.down());

test('an evacuation is paused, everything but the guests is stopped and started again, and it is resumed: the same plan is finished', async () => {
  const { lab, client } = small;
  await lab.slow('pve1', 'mig', CRAWL);
  const { workflowId } = await startEvacuation(client, 'pve1', { node: 'pve1', concurrency: 1, requestedBy: 'test' });
  await copying(workflowId);
  await tellRun(client, workflowId, 'pause', { by: 'test' });
  await lab.slow('pve1', 'mig', 'off');
  await small.untilProgress(workflowId, restsAfterOne('paused'));

  await Promise.all([lab.control('stop'), ...lab.nodes.map((node) => lab.agent(node, 'stop'))]);
  await lab.temporal('kill');
  await lab.temporal('start');
  await Promise.all([lab.control('start'), ...lab.nodes.map((node) => lab.agent(node, 'start'))]);

  await small.untilProgress(workflowId, restsAfterOne('paused'));
  await tellRun(client, workflowId, 'resume', { by: 'test' });
  const report = await small.reportOf(workflowId);
  expect({ outcome: report.outcome, plans: report.plans, tries: report.guests.map(({ attempts }) => attempts), said: report.actions.map(({ what }) => what) })
    .toEqual({ outcome: 'empty', plans: 1, tries: GUESTS.map(() => 1), said: ['paused: 1 running migrations go on, nothing else is started', 'resumed'] });
  expect(GUESTS.map((vmid) => small.nodeOf(vmid))).toEqual(GUESTS.map(() => 'pve2'));
  await small.expectCanariesClean();
});

test('a maintenance window closes in the middle: who is in flight arrives, the others wait for the next night, over a restart of Temporal too', async () => {
  const { lab, client } = small;
  await uncordon(client, 'pve1', { node: 'pve1' });
  await lab.slow('pve2', 'mig', CRAWL);
  const { window, opensAtMs } = windowOfNow();
  const { workflowId } = await startEvacuation(client, 'pve2', { node: 'pve2', concurrency: 1, window, requestedBy: 'test' });
  await copying(workflowId);
  await small.untilProgress(workflowId, ({ incidents }) => incidents.includes(`the window ${window} closed`), 3 * MINUTE_MS);
  expect((await small.untilProgress(workflowId, () => true)).guests.filter(isBegun)).toMatchObject([{ state: 'moving' }]);
  await lab.slow('pve2', 'mig', 'off');
  await small.untilProgress(workflowId, restsAfterOne('waitingForWindow'));

  await Promise.all([lab.control('kill'), lab.temporal('kill')]);
  await lab.temporal('start');
  await lab.control('start');
  const { detail } = await small.untilProgress(workflowId, restsAfterOne('waitingForWindow'));
  expect(detail).toBe(`the window ${window} opens at ${new Date(opensAtMs).toISOString()}`);

  await tellRun(client, workflowId, 'stopAfterCurrent', { by: 'test' });
  const report = await small.reportOf(workflowId);
  const left = GUESTS.filter((vmid) => small.nodeOf(vmid) === 'pve2');
  expect({ outcome: report.outcome, reason: report.reason, left: left.length }).toEqual({ outcome: 'stopped', reason: `stopped by an operator; still on pve2: ${left.join(', ')}`, left: GUESTS.length - 1 });
  await small.expectCanariesClean();
});

const isBegun = ({ begunAtMs }: EvacuatedGuest): boolean => begunAtMs !== undefined;

/** One guest has moved, no other was begun, and this is why. */
const restsAfterOne = (phase: EvacuationProgress['phase']) => (progress: EvacuationProgress): boolean =>
  progress.phase === phase && progress.guests.filter(({ state }) => state === 'moved').length === 1 && progress.guests.filter(isBegun).length === 1;

/** The first guest is in the middle of its move. */
async function copying(workflowId: string): Promise<void> {
  const { guests } = await small.untilProgress(workflowId, (progress) => progress.guests.some(isBegun));
  const handle = small.client.temporal.workflow.getHandle(migrationWorkflowId(guests.find(isBegun)?.vmid ?? 0));
  const deadlineMs = performance.now() + MINUTE_MS;
  for (;;) {
    const progress = await handle.query<MigrationProgress>('progress').catch(() => null);
    if (progress?.phase === 'precopy') return;
    if (performance.now() > deadlineMs) throw new Error(`it does not copy memory: ${JSON.stringify(progress)}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** A window that is open and closes at a full minute, one to two minutes from now; it opens again a day after it did. */
function windowOfNow(): { readonly window: string; readonly opensAtMs: number } {
  const nowMs = Date.now();
  const closesAtMs = Math.ceil(nowMs / MINUTE_MS) * MINUTE_MS + MINUTE_MS;
  const openedAtMs = closesAtMs - 10 * MINUTE_MS;
  const wall = (atMs: number): string => new Date(atMs).toISOString().slice(11, 16);
  return { window: `${wall(openedAtMs)}-${wall(closesAtMs)} UTC`, opensAtMs: openedAtMs + 24 * 60 * MINUTE_MS };
}
