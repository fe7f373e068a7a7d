import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { listGuests } from '../../cluster/list-guests.js';
import { makePveRoot, type PveRoot } from './support/pve-root.js';

let root: PveRoot;
beforeEach(() => { root = makePveRoot(); });
afterEach(() => root.remove());

describe('listGuests', () => {
  it('finds VMs and containers of all nodes, or of one', async () => {
    root.write('nodes/pve2/qemu-server/102.conf', 'name: db\n');
    root.write('nodes/pve1/lxc/201.conf', 'hostname: mail\n');
    root.write('nodes/pve1/qemu-server/101.conf', 'name: web\n');
    root.write('nodes/pve1/qemu-server/notes.txt', 'no guest\n');
    expect(await listGuests(root.path)).toEqual([
      { vmid: 101, kind: 'qemu', node: 'pve1', text: 'name: web\n' }, { vmid: 102, kind: 'qemu', node: 'pve2', text: 'name: db\n' }, { vmid: 201, kind: 'lxc', node: 'pve1', text: 'hostname: mail\n' },
    ]);
    expect((await listGuests(root.path, 'pve2')).map(({ vmid }) => vmid)).toEqual([102]);
  });

  it('sees a guest that moves all the while exactly once', async () => {
    for (let vmid = 101; vmid < 140; vmid += 1) root.write(`nodes/pve1/qemu-server/${vmid}.conf`, `name: g${vmid}\n`);
    root.write('nodes/pve2/qemu-server/100.conf', '');
    const path = (node: string): string => join(root.path, 'nodes', node, 'qemu-server', '120.conf');
    let at = 'pve1';
    const mover = setInterval(() => {
      const to = at === 'pve1' ? 'pve2' : 'pve1';
      renameSync(path(at), path(to));
      at = to;
    }, 1);
    try {
      for (let round = 0; round < 20; round += 1) {
        const vmids = (await listGuests(root.path)).map(({ vmid }) => vmid);
        expect(new Set(vmids).size).toBe(vmids.length);
        expect(vmids.length).toBeGreaterThanOrEqual(39);
      }
    } finally {
      clearInterval(mover);
    }
  });

  it('fails without a cluster file system', async () => {
    await expect(listGuests(join(root.path, 'nowhere'))).rejects.toThrow();
  });
});
