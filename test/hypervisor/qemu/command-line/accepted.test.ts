import { findQemu } from '../../../../hypervisor/qemu/process/identity.js';
import { startQemu } from '../../../../hypervisor/qemu/process/start.js';
import { stopQemu } from '../../../../hypervisor/qemu/process/stop.js';
import { tapsOf } from '../../../../hypervisor/qemu/process/taps.js';
import { makeNode, type NodeFixture } from '../../support/node-fixture.js';
import { vmConfig } from '../../support/vm-config.js';

let node: NodeFixture;
beforeAll(async () => {
  node = await makeNode();
  for (const n of [0, 1, 2, 3]) await node.image(`d${n}`);
  await node.image('q.qcow2', 'qcow2');
});
afterEach(async () => { await stopQemu(VMID, node.paths); });
afterAll(async () => { await node.remove(); });

const VMID = 990_001;
const mac = (n: number): string => `02:00:00:00:00:${n.toString(16).padStart(2, '0')}`;

const CASES: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
  ['nothing but memory', {}],
  ['q35', { machine: 'q35' }],
  ['a whole virtio guest', {
    memory: '128', sockets: '1', cores: '2', cpu: 'x86-64-v2-AES', scsihw: 'virtio-scsi-single', agent: '1', serial0: 'socket', vga: 'std,memory=8',
    scsi0: 'l:q.qcow2,iothread=1,discard=on,ssd=1,cache=writeback', scsi1: 'l:d0,aio=native,serial=a%2Cb', virtio0: 'l:d1,iothread=1,aio=threads',
    ide2: 'none,media=cdrom', net0: `virtio=${mac(1)},bridge=BRIDGE,mtu=1400`, boot: 'order=scsi0;net0;ide2',
    smbios1: 'uuid=5b1c8a0e-0000-4000-8000-000000000001,manufacturer=A', vmgenid: '5b1c8a0e-0000-4000-8000-000000000002', args: '-rtc base=localtime',
  }],
  ['the same disks on a q35', {
    machine: 'q35', scsihw: 'virtio-scsi-single', scsi0: 'l:d0,iothread=1', virtio0: 'l:d1', sata0: 'l:d2,ssd=1', ide0: 'l:d3', ide5: 'none,media=cdrom',
    net0: `e1000=${mac(1)},bridge=BRIDGE`, agent: 'enabled=1,type=virtio',
  }],
  ['all of PVE\'s default: lsi, IDE, SATA', { scsi0: 'l:d0', scsi6: 'l:d1', ide0: 'l:d2', ide3: 'none,media=cdrom', sata5: 'l:d3', sata0: 'none,media=cdrom' }],
  ['several lsi controllers', { scsi0: 'l:d0', scsi7: 'l:d1', scsi15: 'l:d2', scsi30: 'l:d3' }],
  ['one virtio-scsi for many disks', { scsihw: 'virtio-scsi-pci', scsi0: 'l:d0,ssd=1', scsi13: 'l:d1', scsi30: 'none,media=cdrom', scsi2: 'l:d2,ro=1' }],
  ['devices behind every bridge', { scsihw: 'virtio-scsi-single', scsi30: 'l:d0', virtio15: 'l:d1', net6: `virtio=${mac(6)},bridge=BRIDGE`, net31: `virtio=${mac(31)}` }],
  ['devices behind every bridge of a q35', { machine: 'q35', scsihw: 'virtio-scsi-single', scsi30: 'l:d0', virtio15: 'l:d1', net31: `virtio=${mac(31)}` }],
  ['a whole root bus', {
    scsi0: 'l:d0', scsi7: 'l:d1', scsi14: 'none,media=cdrom', scsi21: 'none,media=cdrom', scsi28: 'none,media=cdrom', sata0: 'none,media=cdrom', agent: '1', virtio0: 'l:d2', virtio5: 'l:d3',
    ...Object.fromEntries([0, 1, 2, 3, 4, 5, 6].map((n) => [`net${n}`, `virtio=${mac(n)}`])),
  }],
  ['every card', Object.fromEntries(['virtio', 'e1000', 'e1000e', 'rtl8139', 'vmxnet3'].map((model, n) => [`net${n}`, `${model}=${mac(n)},bridge=BRIDGE`]))],
  ['every cache mode', { scsihw: 'virtio-scsi-pci', scsi0: 'l:d0,cache=none', scsi1: 'l:d1,cache=directsync', scsi2: 'l:d2,cache=writethrough', scsi3: 'l:d3,cache=unsafe', scsi4: 'l:q.qcow2,cache=writeback' }],
  ['serial ports, agent on ISA, no display', { serial0: 'socket', serial1: 'socket', agent: 'enabled=1,type=isa', vga: 'serial0' }],
  ['a host CPU without KVM, hidden', { cpu: 'host,hidden=1,flags=+aes' }],
  ['an old machine type', { machine: 'pc-i440fx-9.2+pve1' }],
];

describe('QEMU accepts what is built', () => {
  it.each(CASES)('%s', async (_title, template) => {
    const lines = Object.fromEntries(Object.entries(template).map(([key, value]) => [key, value.replace('BRIDGE', node.bridge)]));
    await startQemu({ vmid: VMID, argv: node.argv(VMID, lines), taps: tapsOf(vmConfig(VMID, lines)), paths: node.paths });
    expect(await node.ask(VMID, (monitor) => monitor.queryStatus())).toEqual({ status: 'prelaunch', running: false });
  });

  it('with io_uring, where this kernel has it', async () => {
    await startQemu({ vmid: VMID, argv: node.argv(VMID, { virtio0: 'l:d0' }, { ioUring: true }), taps: [], paths: node.paths })
      .catch((error: unknown) => { expect(String(error)).toMatch(/io_uring/); });
  });

  it('waiting for a stream, with another image in place of the config\'s', async () => {
    const argv = node.argv(VMID, { virtio0: 'l:not-here' }, { incoming: true, overrides: { virtio0: { path: await node.image('d3'), format: 'raw' } } });
    await startQemu({ vmid: VMID, argv, taps: [], paths: node.paths });
    expect((await node.ask(VMID, (monitor) => monitor.queryStatus())).status).toBe('inmigrate');
    expect((await node.ask(VMID, (monitor) => monitor.queryNamedBlockNodes())).map((n) => n.nodeName)).toEqual(expect.arrayContaining(['drive-virtio0', 'file-virtio0']));
    expect(findQemu(VMID, node.paths)).not.toBeNull();
  });
});
