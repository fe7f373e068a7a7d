import { parseStorageConfig } from '../../../domain/cluster/parse-storage.js';
import type { GuestNeeds } from '../../../domain/contracts/evacuation.js';
import { parseCtConfig } from '../../../domain/guest/parse-ct-config.js';
import { parseVmConfig } from '../../../domain/guest/parse-vm-config.js';
import { guestNeeds } from '../../../domain/placement/guest-needs.js';
import { GIB, MIB } from '../../../domain/units.js';

const { storages } = parseStorageConfig('dir: local\n\tpath /var/lib/vz\n\tcontent images,rootdir\n\nnfs: nas\n\tserver s\n\texport /e\n\tcontent images\n\nzfspool: tank\n\tpool t\n');

const vm = (text: string, running = true): GuestNeeds => {
  const { config, problems } = parseVmConfig(101, text);
  return guestNeeds({ node: 'pve1', running, guest: { kind: 'qemu', config }, problems }, storages);
};
const ct = (text: string): GuestNeeds => {
  const { config, problems } = parseCtConfig(201, text);
  return guestNeeds({ node: 'pve1', running: true, guest: { kind: 'lxc', config }, problems }, storages);
};
const codes = (refusals: GuestNeeds['liveBlockers']): readonly string[] => (refusals ?? []).map(({ code }) => code);

describe('guestNeeds', () => {
  it('reads a VM', () => {
    const needs = vm('name: web\nmemory: 2048\nsockets: 2\ncores: 3\ncpu: x86-64-v3\ntags: app-web;prod\nnet0: virtio=00:11:22:33:44:55,bridge=vmbr1\nscsi0: local:101/vm-101-disk-0.qcow2,size=8G\nscsi1: nas:101/vm-101-disk-0.raw,size=4G\nide2: none,media=cdrom\n');
    expect(needs).toEqual({
      vmid: 101, kind: 'qemu', name: 'web', node: 'pve1', running: true, template: false, memoryBytes: 2 * GIB, cores: 6, cpuModel: 'x86-64-v3', kvm: true, tags: ['app-web', 'prod'],
      bridges: ['vmbr1'], storages: [{ storage: 'local', shared: false, bytes: 8 * GIB }, { storage: 'nas', shared: true, bytes: 0 }], blockers: [], liveBlockers: [],
    });
  });

  it('reads a container', () => {
    const needs = ct('arch: amd64\nostype: debian\nhostname: mail\nmemory: 512\nrootfs: local:201/vm-201-disk-0.raw,size=2G\nmp0: /srv/data,mp=/data,shared=1\nnet0: name=eth0,bridge=vmbr0,ip=dhcp\n');
    expect(needs).toMatchObject({ vmid: 201, kind: 'lxc', name: 'mail', memoryBytes: 512 * MIB, cpuModel: null, bridges: ['vmbr0'], storages: [{ storage: 'local', shared: false, bytes: 2 * GIB }], blockers: [] });
  });

  it.each([
    ['a passed-through device', 'hostpci0: 0000:01:00.0\n', 'local-devices'],
    ['a USB device', 'usb0: host=1234:5678\n', 'local-devices'],
    ['a lock', 'lock: backup\n', 'guest-locked'],
    ['a config that can not be read', 'cores: many\n', 'config-invalid'],
    ["the node's own CD drive", 'ide2: cdrom,media=cdrom\n', 'cdrom-passthrough'],
    ['a CD image on the node', 'ide2: local:iso/debian.iso,media=cdrom\n', 'local-cdrom-image'],
    ['a device of the node', 'scsi0: /dev/sdb\n', 'local-file'],
    ['a storage nobody knows', 'scsi0: gone:101/vm-101-disk-0.raw,size=1G\n', 'storage-unknown'],
    ["another guest's disk", 'scsi0: local:102/vm-102-disk-0.raw,size=1G\n', 'disk-owned-by-other'],
    ['a linked clone', 'scsi0: local:100/base-100-disk-0.qcow2/101/vm-101-disk-0.qcow2,size=1G\n', 'disk-is-linked-clone'],
    ['a storage type that is not copied', 'scsi0: tank:vm-101-disk-0,size=1G\n', 'storage-type-unsupported'],
    ['a template with its disks on the node', 'template: 1\nscsi0: local:101/base-101-disk-0.qcow2,size=1G\n', 'template-local'],
    ['snapshots outside a qcow2 image', 'scsi0: local:101/vm-101-disk-0.raw,size=1G\n\n[before]\nscsi0: local:101/vm-101-disk-0.raw,size=1G\n', 'disk-has-snapshots'],
  ])('can go nowhere: %s', (_title, text, code) => {
    expect(codes(vm(text).blockers)).toEqual([code]);
  });

  it.each([
    ['mapped devices', 'hostpci0: mapping=gpu\n', 'mapped-devices'],
    ['UEFI', 'bios: ovmf\n', 'firmware-not-supported'],
    ['encrypted memory', 'amd-sev: type=std\n', 'encrypted-memory'],
    ['an unused disk on the node', 'unused0: local:101/vm-101-disk-3.raw\n', 'volume-left-behind'],
    ['a cloud-init image on the node', 'ide2: local:101/vm-101-cloudinit.qcow2,media=cdrom\n', 'local-cdrom-image'],
    ['snapshots inside the image', 'scsi0: local:101/vm-101-disk-0.qcow2,size=1G\n\n[before]\nscsi0: local:101/vm-101-disk-0.qcow2,size=1G\n', 'disk-has-snapshots'],
  ])('can not move while it runs: %s', (_title, text, code) => {
    const needs = vm(text);
    expect([codes(needs.blockers), codes(needs.liveBlockers)]).toEqual([[], [code]]);
  });

  it('does not take the same things on shared storage amiss', () => {
    const needs = vm('template: 1\nscsi0: nas:101/base-101-disk-0.qcow2,size=1G\nide2: nas:iso/debian.iso,media=cdrom\nunused0: nas:101/vm-101-disk-3.raw\n');
    expect([needs.blockers, needs.liveBlockers]).toEqual([[], []]);
  });

  it("holds a container that mounts a directory of its node", () => {
    expect(codes(ct('arch: amd64\nrootfs: nas:201/vm-201-disk-0.raw,size=2G\nmp0: /srv/data,mp=/data\n').blockers)).toEqual(['local-mount-point']);
  });
});
