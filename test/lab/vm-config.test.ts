import { layoutOf } from '../../lab/layout.js';
import { parseDisk, planDisks, vmConfigText } from '../../lab/vm-config.js';

const layout = layoutOf('/tmp/lab', { FERRY_HOME: '/project' });

test('a guest with disks on every storage has the config PVE would write', () => {
  const disks = planDisks(101, ['local:1,format=qcow2', 'shared:512M', 'fast:64M,bus=virtio']);
  expect(vmConfigText(layout, 101, { memoryMiB: 512, cores: 2, dirtyMiBps: 20, workingSetMiB: 128 }, disks)).toBe(`\
args: -kernel /project/var/guest/vmlinuz -initrd /project/var/guest/initrd.img -append "console=ttyS0 quiet no_timer_check ferry.ip=10.30.0.101/24 ferry.ws=128 ferry.dirty=20 ferry.disks=3"
cores: 2
cpu: qemu64
kvm: 0
memory: 512
name: guest101
net0: virtio=02:30:00:00:00:65,bridge=vmbr0
scsi0: local:101/vm-101-disk-0.qcow2,size=1G
scsi1: shared:101/vm-101-disk-1.raw,size=512M
virtio0: fast:101/vm-101-disk-2.raw,size=64M
scsihw: virtio-scsi-single
serial0: socket
vga: none
`);
});

test('a guest without disks needs no SCSI controller, and its canary takes a quarter of its memory', () => {
  const text = vmConfigText(layout, 253, { name: 'web' }, []);
  expect(text).not.toContain('scsi');
  expect(text).toContain('ferry.ws=64 ferry.dirty=0 ferry.disks=0');
  expect(text).toContain('name: web\nnet0: virtio=02:30:00:00:00:FD,');
});

test('a guest that is watched sends beacons and has a monitor for the watcher', () => {
  const text = vmConfigText(layout, 101, { watched: true }, []);
  expect(text).toContain('ferry.disks=0 ferry.beacon=5" -chardev socket,id=watch,path=/run/qemu-server/101.watch,server=on,wait=off -mon chardev=watch,mode=control\n');
});

test.each([
  ['tape:1', /storage/],
  ['local', /size/],
  ['local:1T', /size/],
  ['local:0', /size/],
  ['local:1,format=vmdk', /format/],
  ['local:1,bus=ide', /bus/],
  ['local:1,cache=none', /cache/],
])('disk %s is refused by name', (disk, why) => {
  expect(() => parseDisk(disk)).toThrow(why);
});

test.each([
  [99, {}, /vmid 99/],
  [254, {}, /vmid 254/],
  [101, { memoryMiB: 256, workingSetMiB: 200 }, /working set of 200 MiB/],
])('VM %s with %j is refused', (vmid, options, why) => {
  expect(() => vmConfigText(layout, vmid, options, [])).toThrow(why);
});
