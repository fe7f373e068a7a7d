import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createCordonStore } from '../../cluster/cordons.js';
import type { Cordon, CordonStore } from '../../domain/contracts/cordon.js';
import { parseEvacuationRequest } from '../../domain/edge/evacuation-request.js';
import { makePveRoot, type PveRoot } from './support/pve-root.js';

let root: PveRoot;
let store: CordonStore;
beforeEach(() => {
  root = makePveRoot();
  store = createCordonStore(root.path);
});
afterEach(() => root.remove());

const cordon = (node: string, epoch: string): Cordon => ({ node, epoch, workflowId: `evacuate-node-${node}`, requestedBy: 'root@pam', since: '2030-01-01T00:00:00.000Z' });
const runs = (): Promise<boolean> => Promise.resolve(false);
const over = (): Promise<boolean> => Promise.resolve(true);

describe('cordons', () => {
  it('are listed with who set them, until they are lifted', async () => {
    await store.take(cordon('pve1', 'e1'), runs);
    await store.take({ ...cordon('pve2', 'e2'), reason: 'firmware' }, runs);
    expect((await store.list()).map(({ node }) => node).sort()).toEqual(['pve1', 'pve2']);
    expect(await store.read('pve2')).toEqual({ ...cordon('pve2', 'e2'), reason: 'firmware' });
    await store.release('pve1');
    await store.release('pve1');
    expect((await store.list()).map(({ node }) => node)).toEqual(['pve2']);
  });

  it('are taken once more by their owner, and by nobody else while it runs', async () => {
    await store.take(cordon('pve1', 'e1'), runs);
    await store.take(cordon('pve1', 'e1'), runs);
    await expect(store.take(cordon('pve1', 'e2'), runs)).rejects.toMatchObject({ code: 'NodeCordoned', message: expect.stringContaining('evacuate-node-pve1 empties it already') as string });
    await store.take(cordon('pve1', 'e2'), over);
    expect((await store.read('pve1'))?.epoch).toBe('e2');
  });

  it('are given to one of those who want one at once', async () => {
    const wanted = await Promise.allSettled(['e1', 'e2', 'e3'].map((epoch) => store.take(cordon('pve1', epoch), runs)));
    const holder = await store.read('pve1');
    expect(wanted.filter(({ status }) => status === 'fulfilled').length).toBe(holder === null ? 0 : 1);
  });

  it('say whether somebody had the node before', async () => {
    expect(await store.take(cordon('pve1', 'e1'), runs)).toEqual({ isNew: true });
    expect(await store.take(cordon('pve1', 'e1'), runs)).toEqual({ isNew: true });
    for (let attempt = 0; attempt < 2; attempt += 1) expect(await store.take(cordon('pve1', 'e2'), over)).toEqual({ isNew: false });
  });

  it.each([['higher', 'e9'], ['lower', 'e1']])('are taken although somebody died while it claimed the node, with a %s epoch', async (_which, epoch) => {
    await mkdir(join(root.path, 'priv/ferry/node-pve1'), { recursive: true });
    const { node: _, ...owner } = cordon('pve1', epoch);
    await writeFile(join(root.path, 'priv/ferry/node-pve1', `${epoch}.claim`), JSON.stringify(owner));
    await expect(store.take(cordon('pve1', 'e5'), runs)).rejects.toMatchObject({ code: 'NodeCordoned' });
    await store.take(cordon('pve1', 'e5'), over);
    expect((await store.read('pve1'))?.epoch).toBe('e5');
    await store.release('pve1');
    expect(await store.take(cordon('pve1', 'e6'), runs)).toEqual({ isNew: true });
  });

  it('do not take the absentees with them', async () => {
    const away = { request: parseEvacuationRequest({ node: 'pve1' }), guests: [{ vmid: 101, kind: 'qemu', name: 'web', to: 'pve2', mode: 'live', applications: [] }] } as const;
    await store.take(cordon('pve1', 'e1'), runs);
    await store.setAbsentees('pve1', away);
    await store.release('pve1');
    expect(await store.list()).toEqual([]);
    expect(await store.absentees('pve1')).toEqual(away);
    await store.setAbsentees('pve1', null);
    expect(await store.absentees('pve1')).toBeNull();
  });

  it.each([['no JSON', '{'], ['something else', '{"guests":[]}'], ['a guest without a node', '{"request":{"node":"pve1"},"guests":[{"vmid":101,"kind":"qemu","name":"web","mode":"live","applications":[]}]}']])(
    'of absentees that were spoilt by hand (%s) say so', async (_what, text) => {
      await mkdir(join(root.path, 'priv/ferry/node-pve1'), { recursive: true });
      await writeFile(join(root.path, 'priv/ferry/node-pve1/away.json'), text);
      await expect(store.absentees('pve1')).rejects.toMatchObject({ code: 'InvalidInput', message: expect.stringContaining('is not what ferry writes') as string });
    });
});
