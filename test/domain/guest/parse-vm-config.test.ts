import { parseVmConfig } from '../../../domain/guest/parse-vm-config.js';

const FULL = `#a guest%0Awith two lines
agent: 1,fstrim_cloned_disks=1
balloon: 0
boot: order=scsi0;net0
cores: 2
cpu: x86-64-v2-AES,flags=+aes
ide2: local:iso/debian.iso,media=cdrom,size=600M
lock: backup
machine: type=pc-q35-10.0,viommu=intel
memory: current=2048
migrate_downtime: 0.3
name: web
net0: virtio=BC:24:11:00:00:01,bridge=vmbr0,firewall=1,tag=12
net1: model=e1000,macaddr=BC:24:11:00:00:02
numa: 0
scsi0: local:101/vm-101-disk-0.qcow2,iothread=1,size=8G
scsi1: file=shared:vm-101-disk-1,format=raw,size=1G
sockets: 2
unused0: local:101/vm-101-disk-9.raw
virtio0: none

[PENDING]
delete: balloon
memory: 4096

[special:cloudinit]
user: root

[before_upgrade]
#note
memory: 1024
snaptime: 1700000000
`;

describe('parseVmConfig', () => {
  const { config, problems } = parseVmConfig(101, FULL);

  it('reads what ferry acts on', () => {
    expect(problems).toEqual([]);
    expect(config).toMatchObject({
      vmid: 101, name: 'web', lock: 'backup', memoryMiB: 2048, sockets: 2, cores: 2, cpu: 'x86-64-v2-AES,flags=+aes', kvm: true, machine: 'pc-q35-10.0', template: false, text: FULL,
    });
  });

  it('takes drives apart', () => {
    expect(config.drives).toEqual([
      { name: 'ide2', bus: 'ide', index: 2, file: 'local:iso/debian.iso', volid: 'local:iso/debian.iso', media: 'cdrom', options: { media: 'cdrom', size: '600M' } },
      { name: 'scsi0', bus: 'scsi', index: 0, file: 'local:101/vm-101-disk-0.qcow2', volid: 'local:101/vm-101-disk-0.qcow2', media: 'disk', options: { iothread: '1', size: '8G' } },
      { name: 'scsi1', bus: 'scsi', index: 1, file: 'shared:vm-101-disk-1', volid: 'shared:vm-101-disk-1', media: 'disk', options: { format: 'raw', size: '1G' } },
      { name: 'virtio0', bus: 'virtio', index: 0, file: 'none', volid: null, media: 'disk', options: {} },
    ]);
  });

  it('takes network devices apart, in both spellings', () => {
    expect(config.nets).toEqual([
      { name: 'net0', index: 0, model: 'virtio', mac: 'BC:24:11:00:00:01', bridge: 'vmbr0', tag: 12, options: { firewall: '1' } },
      { name: 'net1', index: 1, model: 'e1000', mac: 'BC:24:11:00:00:02', bridge: null, tag: null, options: {} },
    ]);
  });

  it('keeps sections apart and every value as written', () => {
    expect(config.values['memory']).toBe('current=2048');
    expect(config.pending).toEqual({ delete: 'balloon', memory: '4096' });
    expect(config.snapshots).toEqual({ before_upgrade: { memory: '1024', snaptime: '1700000000' } });
    expect(config.unknownKeys).toEqual(['balloon', 'numa']);
  });

  it("has PVE's defaults", () => {
    expect(parseVmConfig(7000, '').config).toMatchObject({ name: 'VM 7000', lock: null, memoryMiB: 512, sockets: 1, cores: 1, cpu: null, kvm: true, machine: null, drives: [], nets: [] });
  });

  it.each([
    ['memory: 2048', { memoryMiB: 2048 }],
    ['memory: current=4096', { memoryMiB: 4096 }],
    ['machine: q35', { machine: 'q35' }],
    ['machine: pc-i440fx-10.0+pve1,viommu=virtio', { machine: 'pc-i440fx-10.0+pve1' }],
    ['machine: viommu=virtio', { machine: null }],
    ['kvm: 0', { kvm: false }],
    ['template: 1', { template: true }],
    ['[pve:pending]\nmemory: 1024', { pending: { memory: '1024' }, memoryMiB: 512 }],
    ['scsi0: /dev/disk/by-id/x,shared=1', { drives: [{ name: 'scsi0', bus: 'scsi', index: 0, file: '/dev/disk/by-id/x', volid: null, media: 'disk', options: { shared: '1' } }] }],
    ['ide2: cdrom', { drives: [{ name: 'ide2', bus: 'ide', index: 2, file: 'cdrom', volid: null, media: 'cdrom', options: {} }] }],
    ['ide2: none,media=cdrom', { drives: [{ name: 'ide2', bus: 'ide', index: 2, file: 'none', volid: null, media: 'cdrom', options: { media: 'cdrom' } }] }],
  ])('reads %j', (text, expected) => {
    const parsed = parseVmConfig(101, text);
    expect(parsed.problems).toEqual([]);
    expect(parsed.config).toMatchObject(expected);
  });

  it.each([
    ['not a line', 'unable to parse config: not a line'],
    ['name:', 'unable to parse config: name:'],
    ['lxc.cap.drop: sys_admin', 'unable to parse config: lxc.cap.drop: sys_admin'],
    ['[snap]\nwhat', 'unable to parse config: what in [snap]'],
    ['[1x]\nmemory: 1', 'unknown section [1x]'],
    ['name: a\nname: b', 'name is given twice'],
    ['memory: much', "memory: expected a whole number from 1, got 'much'"],
    ['memory: 0', "memory: expected a whole number from 1, got '0'"],
    ['cores: 1.5', "cores: expected a whole number from 1, got '1.5'"],
    ['kvm: maybe', "kvm: expected 0 or 1, got 'maybe'"],
    ['scsi31: local:1/a', 'scsi31: scsi31: no such drive'],
    ['scsi0: size=8G', "scsi0: no volume in 'size=8G'"],
    ['scsi0: local:1/a,size=1G,size=2G', 'scsi0: duplicate key in comma-separated list property: size'],
    ['scsi0: local:1/a,local:1/b', 'scsi0: duplicate key in comma-separated list property: file'],
    ['scsi0: disk.raw', "scsi0: 'disk.raw' is neither a volume, a path, none nor cdrom"],
    ['scsi0: local:1/a,media=tape', "scsi0: media is neither disk nor cdrom: 'tape'"],
    ['scsi0: local:1/a,size=', "scsi0: missing value in 'size='"],
    ['net0: bridge=vmbr0', "net0: no network card model in 'bridge=vmbr0'"],
    ['net0: virtio,bridge=vmbr0', 'net0: no MAC address'],
    ['net0: virtio=xx', "net0: not a MAC address: 'xx'"],
    ['net0: model=ne9000,macaddr=BC:24:11:00:00:02', "net0: unknown network card model 'ne9000'"],
    ['net0: virtio=BC:24:11:00:00:02,tag=5000', "net0: tag is not a VLAN from 1 to 4094: '5000'"],
  ])('reports %j', (text, problem) => {
    expect(parseVmConfig(101, text).problems).toEqual([problem]);
  });
});
