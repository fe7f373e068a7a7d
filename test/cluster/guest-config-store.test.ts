import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createGuestConfigStore } from '../../cluster/guest-config-store.js';
import { makePveRoot, type PveRoot } from './support/pve-root.js';

let root: PveRoot;
beforeEach(() => {
  root = makePveRoot();
  root.write('nodes/pve2/qemu-server/101.conf', 'name: web\n');
  root.write('nodes/pve3/lxc/200.conf', 'hostname: ct\n');
});
afterEach(() => root.remove());
const folder = (node: string): string[] => readdirSync(join(root.path, 'nodes', node, 'qemu-server'));

describe('guest configs', () => {
  it.each([
    ['a VM by the node whose folder it is in', 101, { kind: 'qemu', node: 'pve2' }],
    ['a container', 200, { kind: 'lxc', node: 'pve3' }],
    ['nothing', 10, null],
  ] as const)('find %s', async (_title, vmid, expected) => {
    expect(await createGuestConfigStore(root.path).find(vmid)).toEqual(expected);
  });

  it('stop at a guest with two configs', async () => {
    root.write('nodes/pve1/qemu-server/101.conf', '');
    await expect(createGuestConfigStore(root.path).find(101)).rejects.toMatchObject({ code: 'OwnershipUnknown' });
  });

  it('never say that a guest does not exist while the cluster file system is not mounted', async () => {
    rmSync(join(root.path, 'nodes'), { recursive: true });
    await expect(createGuestConfigStore(root.path).find(101)).rejects.toMatchObject({ code: 'ClusterReadOnly' });
  });

  it('are found all the time while they move', async () => {
    const configs = createGuestConfigStore(root.path);
    let moving = true;
    const moves = (async () => {
      for (let turn = 0; turn < 200; turn += 1) await configs.move(101, 'qemu', turn % 2 === 0 ? 'pve2' : 'pve1', turn % 2 === 0 ? 'pve1' : 'pve2');
      moving = false;
    })();
    while (moving) expect((await configs.find(101))?.node).toMatch(/^pve[12]$/);
    await moves;
  });

  it('are replaced whole, and nothing is left beside them', async () => {
    const configs = createGuestConfigStore(root.path);
    await configs.write(101, 'qemu', 'pve2', 'name: other\n');
    expect(await configs.read(101, 'qemu', 'pve2')).toBe('name: other\n');
    expect(folder('pve2')).toEqual(['101.conf']);
    expect(statSync(join(root.path, 'nodes/pve2/qemu-server/101.conf')).mode & 0o777).toBe(0o640);
  });

  it('are not written where the guest is not', async () => {
    await expect(createGuestConfigStore(root.path).write(101, 'qemu', 'pve1', '')).rejects.toMatchObject({ code: 'GuestNotFound' });
    expect(folder('pve1')).toEqual([]);
  });

  it('move once; again is no error', async () => {
    const configs = createGuestConfigStore(root.path);
    await configs.move(101, 'qemu', 'pve2', 'pve1');
    await configs.move(101, 'qemu', 'pve2', 'pve1');
    expect(await configs.find(101)).toEqual({ kind: 'qemu', node: 'pve1' });
    expect(await configs.read(101, 'qemu', 'pve1')).toBe('name: web\n');
  });

  it('that are nowhere cannot be read or moved, in PVE\'s words', async () => {
    const configs = createGuestConfigStore(root.path);
    const message = expect.stringContaining("Configuration file 'nodes/pve1/qemu-server/102.conf' does not exist") as unknown;
    await expect(configs.read(102, 'qemu', 'pve1')).rejects.toMatchObject({ code: 'GuestNotFound', message });
    await expect(configs.move(102, 'qemu', 'pve1', 'pve2')).rejects.toMatchObject({ code: 'GuestNotFound', message });
  });

  it('do not move to a node without a folder', async () => {
    mkdirSync(join(root.path, 'nodes/pve4'));
    await expect(createGuestConfigStore(root.path).move(101, 'qemu', 'pve2', 'pve4')).rejects.toMatchObject({ message: expect.stringContaining('pve4 has no folder') as unknown });
  });
});
