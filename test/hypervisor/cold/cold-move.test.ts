import { MigrationError } from '../../../domain/errors.js';
import { REF, TwoNodes } from './two-nodes.js';

let nodes: TwoNodes;
afterEach(() => nodes.remove());

const never = new AbortController().signal;
const nothing = (): void => undefined;
const running = (): readonly boolean[] => [nodes.powers.source.runs, nodes.powers.target.runs];
const decision = (): Promise<string> => nodes.token.read(REF.vmid, REF.epoch);

async function copied(mode: 'restart' | 'offline' = 'restart'): Promise<Awaited<ReturnType<TwoNodes['reserve']>>> {
  nodes = new TwoNodes(mode);
  const endpoints = await nodes.reserve();
  await (await nodes.source.current(REF, nodes.plan)).syncVolumes(endpoints, nothing, never);
  return endpoints;
}
const switchOver = async (endpoints: Awaited<ReturnType<typeof copied>>): Promise<unknown> => (await nodes.source.current(REF, nodes.plan)).switchOver(endpoints, nothing);

test('a running container stops, its config moves with the volume\'s new name, and it runs on the target', async () => {
  const result = await switchOver(await copied());
  expect(result).toMatchObject({ targetState: 'running', volumes: [{ digest: 'd1', sentBytes: 20 }], downtime: { totalMs: expect.any(Number) as number } });
  expect([running(), await decision(), nodes.configNode()]).toEqual([[false, true], 'committed', 'pve2']);
  expect(await nodes.configs.read(201, 'lxc', 'pve2')).toContain('rootfs: fast:201/subvol-201-disk-7.subvol,size=0T');
  expect(await nodes.source.cleanup(REF, nodes.plan, { keepDisks: false })).toEqual({ freedVolids: ['local:201/subvol-201-disk-0.subvol'] });
  expect(nodes.freed).toEqual(['pve1 local:201/subvol-201-disk-0.subvol']);
});

test('a stopped guest is copied once, moved, and stays stopped', async () => {
  const result = await switchOver(await copied('offline'));
  expect(result).toMatchObject({ downtime: null, targetState: 'stopped', volumes: [{ sentBytes: 10, digest: 'd1' }] });
  expect([running(), nodes.powers.target.calls, nodes.configNode()]).toEqual([[false, false], [], 'pve2']);
});

test('what the target received is not what is here: nothing is freed', async () => {
  await switchOver(await copied());
  nodes.differs = true;
  await expect(nodes.source.cleanup(REF, nodes.plan, { keepDisks: false })).rejects.toMatchObject({ code: 'VolumeDiffers' });
  expect(nodes.freed).toEqual([]);
});

test('the agent dies after it has freed a volume: the next one does not ask again whether that had arrived', async () => {
  await switchOver(await copied());
  nodes.dies = 'after freeing';
  await expect(nodes.source.cleanup(REF, nodes.plan, { keepDisks: false })).rejects.toThrow('killed');
  await nodes.restart('source');
  nodes.dies = null;
  nodes.differs = true;
  await nodes.source.cleanup(REF, nodes.plan, { keepDisks: false });
  expect(nodes.freed).toEqual(['pve1 local:201/subvol-201-disk-0.subvol', 'pve1 local:201/subvol-201-disk-0.subvol']);
});

test('one that does not stop in time runs on, and the target can never take it', async () => {
  const endpoints = await copied();
  nodes.powers.source.stubborn = true;
  await expect(switchOver(endpoints)).rejects.toMatchObject({ code: 'GuestNotStopped' });
  expect([running(), await decision(), nodes.configNode()]).toEqual([[true, false], 'aborted', 'pve1']);
});

test('the last copy fails while it is down: it runs again on the source', async () => {
  const endpoints = await copied();
  nodes.copyFails = (final) => (final ? new MigrationError('StorageUnavailable', 'ENOSPC') : null);
  await expect(switchOver(endpoints)).rejects.toThrow('ENOSPC');
  expect([running(), await decision()]).toEqual([[true, false], 'aborted']);
});

test('called off while it is down: it runs again on the source', async () => {
  const endpoints = await copied();
  const session = await nodes.source.current(REF, nodes.plan);
  nodes.copyFails = () => { session.callOff(); return null; };
  await expect(switchOver(endpoints)).rejects.toMatchObject({ code: 'Cancelled' });
  expect([running(), await decision()]).toEqual([[true, false], 'aborted']);
});

test.each([
  ['does not start', (): void => { nodes.powers.target.failsToStart = 'start CT 201 failed: bad line 3'; }, 'bad line 3'],
  ['is not healthy', (): void => { nodes.powers.target.unhealthy = 'nobody answers on port 80'; }, 'nobody answers'],
])('a guest that %s on the target is given back, and runs on the source', async (_how, breakIt, why) => {
  const endpoints = await copied();
  breakIt();
  await expect(switchOver(endpoints)).rejects.toThrow(why);
  expect([running(), await decision(), nodes.configNode()]).toEqual([[true, false], 'aborted', 'pve1']);
  expect(await nodes.configs.read(201, 'lxc', 'pve1')).toContain('rootfs: local:201/subvol-201-disk-0.subvol,size=0T');
  await nodes.source.rollback(REF, nodes.plan);
  await nodes.target.release(REF);
  expect([running(), nodes.freed]).toEqual([[true, false], ['pve2 fast:201/subvol-201-disk-7.subvol']]);
});

test('the target refuses a HANDOVER before every volume is whole', async () => {
  await copied();
  const answer = await nodes.onHandover?.();
  expect(answer).toMatchObject({ kind: 'refused', decision: 'undecided' });
  expect(running()).toEqual([true, false]);
});

test('from HANDOVER on nothing of the source is written any more', async () => {
  await switchOver(await copied());
  expect(nodes.severed).toBe(1);
  await expect(nodes.copies?.onTouched('local:201/subvol-201-disk-0.subvol')).rejects.toMatchObject({ code: 'StaleEpoch' });
});

test('a volume that is written again is not whole any more', async () => {
  const endpoints = await copied('offline');
  await nodes.copies?.onTouched('local:201/subvol-201-disk-0.subvol');
  expect(await nodes.onHandover?.()).toMatchObject({ kind: 'refused', decision: 'undecided' });
  await nodes.copies?.onWhole('local:201/subvol-201-disk-0.subvol', 'd1');
  await switchOver(endpoints);
  expect(nodes.configNode()).toBe('pve2');
});

test('the source\'s agent dies while the guest is down: the next one starts it before it does anything else', async () => {
  const endpoints = await copied();
  nodes.powers.source.shutDown = async () => { nodes.powers.source.runs = false; return new Promise(() => undefined); };
  void switchOver(endpoints).catch(nothing);
  while (nodes.powers.source.runs) await new Promise((resolve) => setImmediate(resolve));
  expect(await nodes.restart('source')).toEqual(['guest 201: was down for its move and is started again']);
  expect([running(), await decision()]).toEqual([[true, false], 'aborted']);
  await expect(switchOver(endpoints)).rejects.toThrow(/started again here/);
  await nodes.source.rollback(REF, nodes.plan);
  expect(running()).toEqual([true, false]);
});

test('committed while this node was away and down for the move: its agent does not start the guest when it is back', async () => {
  const endpoints = await copied();
  nodes.powers.source.shutDown = async () => { nodes.powers.source.runs = false; return new Promise(() => undefined); };
  void switchOver(endpoints).catch(nothing);
  while (nodes.powers.source.runs) await new Promise((resolve) => setImmediate(resolve));
  await nodes.token.decide(REF.vmid, REF.epoch, 'committed');
  expect((await nodes.restart('source'))[0]).toMatch(/the commit token says committed/);
  expect(running()).toEqual([false, false]);
});

test('the source\'s agent dies after HANDOVER: the next one says it again, and the guest is not started here', async () => {
  const endpoints = await copied();
  nodes.answerLost = true;
  void switchOver(endpoints).catch(nothing);
  while (!nodes.powers.target.runs) await new Promise((resolve) => setImmediate(resolve));
  nodes.answerLost = false;
  expect(await nodes.restart('source')).toEqual(['guest 201: handed over before, saying so again']);
  expect(await switchOver(endpoints)).toMatchObject({ targetState: 'running' });
  expect(running()).toEqual([false, true]);
});

test('the next agent can\'t reach the target at first: who asks again is not told that for ever', async () => {
  const endpoints = await copied();
  nodes.answerLost = true;
  void switchOver(endpoints).catch(nothing);
  while (!nodes.powers.target.runs) await new Promise((resolve) => setImmediate(resolve));
  nodes.answerLost = false;
  nodes.waysFail = new MigrationError('TransportFailed', 'no way there');
  await nodes.restart('source');
  await expect(switchOver(endpoints)).rejects.toThrow('no way there');
  expect(await switchOver(endpoints)).toMatchObject({ targetState: 'running' });
});

test('called off after HANDOVER, and the target is silent: who waits is let go, the hand-over goes on until the token says otherwise', async () => {
  const endpoints = await copied();
  const session = await nodes.source.current(REF, nodes.plan);
  nodes.answerLost = true;
  nodes.powers.target.start = () => new Promise(() => undefined);
  const waiting = switchOver(endpoints);
  while (nodes.powers.source.runs) await new Promise((resolve) => setImmediate(resolve));
  while (await decision() !== 'committed') await new Promise((resolve) => setImmediate(resolve));
  session.callOff();
  await expect(waiting).rejects.toThrow(/called off after the hand-over, and pve2 does not answer/);
  expect([running(), await decision()]).toEqual([[false, false], 'committed']);
});

test('the target\'s agent dies between commit and start: the next one takes the guest over', async () => {
  const endpoints = await copied();
  let starting = false;
  nodes.powers.target.start = () => { starting = true; return new Promise(() => undefined); };
  void switchOver(endpoints).catch(nothing);
  while (!starting) await new Promise((resolve) => setImmediate(resolve));
  nodes.powers.target.start = async () => { nodes.powers.target.runs = true; };
  expect(await nodes.restart('target')).toEqual(['guest 201: committed, taken over']);
  expect(running()).toEqual([false, true]);
});

test('the migration ended without a fenced target, and the guest was started where it was: the target leaves it there when it is back', async () => {
  const endpoints = await copied();
  const write = jest.spyOn(nodes.configs, 'write').mockImplementation(() => new Promise(() => undefined));
  void switchOver(endpoints).catch(nothing);
  while (write.mock.calls.length === 0) await new Promise((resolve) => setImmediate(resolve));
  write.mockRestore();
  await nodes.unlock();
  nodes.powers.source.runs = true;
  expect(await nodes.restart('target')).toEqual([expect.stringContaining('has ended without pve2') as string]);
  expect([running(), await decision(), nodes.configNode(), nodes.powers.target.calls]).toEqual([[true, false], 'committed', 'pve1', []]);
  expect(await nodes.configs.read(201, 'lxc', 'pve1')).toContain('rootfs: local:201/subvol-201-disk-0.subvol');
});

test('the target\'s agent dies while it gives the guest back: the next one ends that', async () => {
  const endpoints = await copied();
  nodes.powers.target.failsToStart = 'no such bridge';
  let ending = false;
  nodes.powers.target.end = () => { ending = true; return new Promise(() => undefined); };
  nodes.answerLost = true;
  void switchOver(endpoints).catch(nothing);
  while (!ending) await new Promise((resolve) => setImmediate(resolve));
  nodes.powers.target.end = () => Promise.resolve();
  nodes.powers.target.failsToStart = null;
  expect(await nodes.restart('target')).toEqual(['guest 201 did not come up on pve2 and was given back to pve1: no such bridge']);
  expect([await decision(), nodes.configNode(), nodes.powers.target.runs]).toEqual(['aborted', 'pve1', false]);
});

test.each([
  ['moved', async (endpoints: Awaited<ReturnType<typeof copied>>): Promise<void> => {
    await switchOver(endpoints);
    await nodes.source.cleanup(REF, nodes.plan, { keepDisks: true });
    await nodes.target.cleanup(REF);
  }, 'pve2'],
  ['rolled back', async (): Promise<void> => {
    await nodes.source.rollback(REF, nodes.plan);
    await nodes.target.release(REF);
  }, 'pve1'],
] as const)('%s: no snapshot of the move is left on either node, and the journal had said that there may be some', async (_how, end, owner) => {
  const endpoints = await copied();
  nodes.snapshots.push('snapshot on pve1');
  nodes.received.push('snapshot on pve2');
  await end(endpoints);
  expect([nodes.snapshots, nodes.received, nodes.configNode()]).toEqual([[], [], owner]);
  expect(await nodes.recorded('source', 'snapshots')).toEqual([{ volid: 'local:201/subvol-201-disk-0.subvol' }]);
});

test('rolled back while it never stopped: it is not touched', async () => {
  await copied();
  await nodes.source.rollback(REF, nodes.plan);
  await nodes.target.release(REF);
  expect([running(), nodes.powers.source.calls, await decision()]).toEqual([[true, false], [], 'aborted']);
});

test('a committed guest is neither rolled back nor released', async () => {
  await switchOver(await copied());
  await expect(nodes.source.rollback(REF, nodes.plan)).rejects.toMatchObject({ code: 'OwnershipUnknown' });
  await expect(nodes.target.release(REF)).rejects.toMatchObject({ code: 'OwnershipUnknown' });
  expect(running()).toEqual([false, true]);
});
