import { MockActivityEnvironment } from '@temporalio/testing';
import { createEvacuationActivities } from '../../activities/cluster/evacuation-activities.js';
import { createCordonStore } from '../../cluster/cordons.js';
import type { EvacuationActivities } from '../../domain/contracts/evacuation-activities.js';
import type { MovedGuest } from '../../domain/contracts/cordon.js';
import { parseEvacuationRequest } from '../../domain/edge/evacuation-request.js';
import { makePveRoot, type PveRoot } from '../cluster/support/pve-root.js';

let root: PveRoot;
let open: readonly string[];
let where: Readonly<Record<number, string>>;
beforeEach(() => {
  root = makePveRoot();
  open = [];
  where = {};
});
afterEach(() => root.remove());

/** Calls one activity as Temporal does. */
function call<N extends Exclude<keyof EvacuationActivities, 'planEvacuation'>>(name: N, input: Parameters<EvacuationActivities[N]>[0]): Promise<Awaited<ReturnType<EvacuationActivities[N]>>> {
  const activities = createEvacuationActivities({
    cordons: createCordonStore(root.path), now: () => new Date(0), members: () => Promise.resolve([{ name: 'pve1', online: true }, { name: 'pve2', online: true }, { name: 'pve3', online: false }]),
    configNode: (vmid) => Promise.resolve(where[vmid] ?? null), isOver: ({ workflowId }) => Promise.resolve(!open.includes(workflowId)),
  });
  return new MockActivityEnvironment().run<[unknown], unknown, (input: unknown) => Promise<unknown>>(activities[name] as (input: unknown) => Promise<unknown>, input) as Promise<Awaited<ReturnType<EvacuationActivities[N]>>>;
}

const owner = (epoch: string) => ({ node: 'pve1', epoch, workflowId: `w-${epoch}`, requestedBy: 'anna' });
const guest = (vmid: number, to = 'pve2'): MovedGuest => ({ vmid, kind: 'qemu', name: '', to, mode: 'live', applications: [] });
const request = parseEvacuationRequest({ node: 'pve1' });

test('an evacuation opens with the nodes that are online, and names what is no member', async () => {
  expect(await call('openEvacuation', { node: 'pve1' })).toMatchObject({ nodes: ['pve1', 'pve2'] });
  await expect(call('openEvacuation', { node: 'pve9', targets: 'pve2,pve8' })).rejects.toMatchObject({ type: 'InvalidInput', message: 'read request failed: pve9, pve8: not a member of the cluster, which has pve1, pve2, pve3' });
});

test('a cordon is lifted by its owner, or by anybody when its owner has ended', async () => {
  open = ['w-e1'];
  await call('cordonNode', owner('e1'));
  await expect(call('cordonNode', owner('e2'))).rejects.toMatchObject({ type: 'NodeCordoned' });
  await expect(call('uncordonNode', { node: 'pve1' })).rejects.toMatchObject({ type: 'NodeCordoned', message: 'uncordon failed: pve1: w-e1 is emptying it; end it first: ferry evacuation cancel pve1' });
  await call('uncordonNode', { node: 'pve1', epoch: 'e1' });
  await call('cordonNode', owner('e2'));
  await call('cordonNode', owner('e3'));
  await call('uncordonNode', { node: 'pve1' });
  expect(await createCordonStore(root.path).list()).toEqual([]);
});

test('who left is known until he is back, over several evacuations, each guest once', async () => {
  await call('recordMoved', { node: 'pve1', request, moved: [guest(101), guest(102)] });
  await call('recordMoved', { node: 'pve1', request, moved: [guest(103), guest(101, 'pve3')] });
  where = { 101: 'pve3', 102: 'pve3', 103: 'pve2' };
  const opened = await call('openReturn', { node: 'pve1', requestedBy: 'anna' });
  expect(opened).toMatchObject({ requestedBy: 'anna', elsewhere: [{ vmid: 102, node: 'pve3' }] });
  expect(opened.absentees?.guests.map(({ vmid, to }) => [vmid, to])).toEqual([[102, 'pve2'], [103, 'pve2'], [101, 'pve3']]);
  await call('recordReturned', { node: 'pve1', vmids: [101, 102] });
  await call('recordReturned', { node: 'pve1', vmids: [103] });
  expect((await call('openReturn', { node: 'pve1' })).absentees).toBeNull();
});

test('a roll takes the options of an evacuation, and each node once', async () => {
  expect(await call('openRoll', { nodes: 'pve1,pve2', hook: 'upgrade', concurrency: 4 })).toMatchObject({ groups: [['pve1'], ['pve2']], hook: 'upgrade', returnHome: true, returnTimeoutSeconds: 1800, evacuation: { concurrency: 4 } });
  expect((await call('openRoll', { groups: [['pve1', 'pve2'], ['pve3']] })).groups).toEqual([['pve1', 'pve2'], ['pve3']]);
  await expect(call('openRoll', { nodes: ['pve1'], groups: [['pve2']] })).rejects.toMatchObject({ type: 'InvalidInput' });
  await expect(call('openRoll', { nodes: ['pve1'], conurrency: 4 })).rejects.toThrow('concurrency');
});

test('a window is judged by the moment that is asked about', async () => {
  expect(await call('windowAt', { window: '22:00-05:00 UTC', atMs: 0 })).toEqual({ open: true, changesAtMs: 5 * 3_600_000 });
});
