import { takeInventory, type InventorySources } from '../../../domain/placement/take-inventory.js';
import { GIB } from '../../../domain/units.js';
import { node } from './support/inventory.js';

const sources = (given: Partial<InventorySources> = {}): InventorySources => ({
  guests: [{ vmid: 101, kind: 'qemu', node: 'pve1', text: 'name: web\nscsi0: local:101/vm-101-disk-0.raw,size=1G\n' }, { vmid: 201, kind: 'lxc', node: 'pve2', text: 'arch: amd64\nhostname: mail\nrootfs: local:201/vm-201-disk-0.raw,size=1G\n' }],
  members: [{ name: 'pve1', id: 1, online: true, ip: '10.0.0.1' }, { name: 'pve2', id: 2, online: true, ip: '10.0.0.2' }],
  surveys: [{ room: node('pve1'), running: [101], dirtyBytesPerSecond: { 101: 5 } }], cordons: ['pve1'], storageText: '', rulesText: '', past: new Map([[101, [{ mode: 'live', totalMs: 1, downtimeMs: 1, bytes: 1 }]]]), links: {}, ...given,
});

describe('takeInventory', () => {
  it('puts together what files and nodes say', () => {
    const { guests, nodes, problems } = takeInventory(sources());
    expect(guests).toMatchObject([{ vmid: 101, running: true, dirtyBytesPerSecond: 5, past: [{ mode: 'live' }], blockers: [] }, { vmid: 201, kind: 'lxc', running: false, name: 'mail' }]);
    expect(guests[1]).not.toHaveProperty('past');
    expect(nodes).toMatchObject([{ node: 'pve1', online: true, cordoned: true }, { node: 'pve2', online: false, cordoned: false, memoryAvailableBytes: 0 }]);
    expect(problems).toEqual([]);
  });

  it('counts what a node says of volumes whose config tells no size, and names those nobody knows', () => {
    const { guests } = takeInventory(sources({
      storageText: 'dir: local\n\tpath /var/lib/vz\n\tcontent images\n',
      guests: [{ vmid: 101, kind: 'qemu', node: 'pve1', text: 'scsi0: local:101/vm-101-disk-0.raw,size=1G\nunused0: local:101/vm-101-disk-1.raw\nunused1: local:101/vm-101-disk-2.raw\n' }],
      surveys: [{ room: node('pve1'), running: [], dirtyBytesPerSecond: {}, volumeBytes: { 'local:101/vm-101-disk-1.raw': 5 * GIB } }],
    }));
    expect(guests).toMatchObject([{ storages: [{ storage: 'local', bytes: 6 * GIB }], unsized: ['local:101/vm-101-disk-2.raw'] }]);
  });

  it('keeps what can not be read: of files as problems, of a guest as a reason not to move it', () => {
    const { guests, problems } = takeInventory(sources({ storageText: 'nonsense\n', rulesText: 'x: y\n', guests: [{ vmid: 101, kind: 'qemu', node: 'pve1', text: 'memory: lots\n' }] }));
    expect(problems).toEqual(['storage.cfg: unable to parse line: nonsense', "ha/rules.cfg: rule y: unknown type 'x'"]);
    expect(guests[0]?.blockers).toMatchObject([{ code: 'config-invalid' }]);
  });
});
