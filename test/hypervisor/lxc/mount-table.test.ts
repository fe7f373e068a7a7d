import { loopBackingFile, mountsBelow } from '../../../hypervisor/lxc/volumes/mount-table.js';

const TABLE = `22 1 254:0 / / rw,relatime - ext4 /dev/vda rw
30 22 0:20 / /run rw - tmpfs tmpfs rw
31 30 7:0 / /run/ct/110/mounts/rootfs rw,relatime - ext4 /dev/loop0 rw
32 31 7:1 / /run/ct/110/mounts/my\\040data rw,relatime - ext4 /dev/loop1 rw
33 30 7:2 / /run/ct/1101/mounts/rootfs rw,relatime - ext4 /dev/loop2 rw
`;

test("only what lies below the directory, in the order of mounting, with the kernel's escapes undone", () => {
  expect(mountsBelow('/run/ct/110', TABLE)).toEqual([
    { target: '/run/ct/110/mounts/rootfs', majorMinor: '7:0' }, { target: '/run/ct/110/mounts/my data', majorMinor: '7:1' },
  ]);
  expect(mountsBelow('/run/ct/111', TABLE)).toEqual([]);
});

test('what is no loop device has no image', () => {
  expect(loopBackingFile('0:20')).toBeNull();
});
