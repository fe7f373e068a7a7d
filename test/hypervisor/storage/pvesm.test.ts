import { importedVolid, pvesmExport, pvesmImport, streamFormat } from '../../../hypervisor/storage/pvesm.js';

const end = (text: string): { type: string; format: string } => ({ type: text.split(' ')[0] as string, format: text.split(' ')[1] as string });

test.each([
  ['dir raw', 'lvmthin raw', {}, 'raw+size'],
  ['lvm raw', 'rbd raw', {}, 'raw+size'],
  ['dir qcow2', 'nfs qcow2', { withSnapshots: true }, 'qcow2+size'],
  ['dir qcow2', 'lvm raw', { withSnapshots: true }, null],
  ['dir subvol', 'btrfs subvol', {}, 'tar+size'],
  ['zfspool subvol', 'zfspool subvol', { withSnapshots: true, snapshot: '__migration__' }, 'zfs'],
  ['zfspool raw', 'dir raw', {}, null],
  ['btrfs subvol', 'btrfs subvol', { snapshot: '__migration__' }, 'btrfs'],
  ['btrfs raw', 'btrfs raw', {}, 'raw+size'],
  ['btrfs raw', 'dir raw', { snapshot: 'a' }, null],
  ['pbs raw', 'dir raw', {}, null],
])('%s to %s %j: %s', (source, target, options, format) => {
  expect(streamFormat(end(source), end(target), { withSnapshots: false, ...options })).toBe(format);
});

test('the command lines', () => {
  expect(pvesmExport('thin:vm-101-disk-0', 'raw+size', { withSnapshots: false })).toEqual(['pvesm', 'export', 'thin:vm-101-disk-0', 'raw+size', '-', '-with-snapshots', '0']);
  expect(pvesmExport('z:subvol-101-disk-0', 'zfs', { withSnapshots: true, snapshot: '__migration__', base: 'daily' }))
    .toEqual(['pvesm', 'export', 'z:subvol-101-disk-0', 'zfs', '-', '-with-snapshots', '1', '-snapshot', '__migration__', '-base', 'daily']);
  expect(pvesmImport('z:subvol-101-disk-0', 'zfs', { withSnapshots: true, snapshot: '__migration__', deleteSnapshot: true, allowRename: false }))
    .toEqual(['pvesm', 'import', 'z:subvol-101-disk-0', 'zfs', '-', '-with-snapshots', '1', '-snapshot', '__migration__', '-delete-snapshot', '__migration__', '-allow-rename', '0']);
  expect(pvesmImport('thin:vm-101-disk-0', 'raw+size', { withSnapshots: false, allowRename: true }))
    .toEqual(['pvesm', 'import', 'thin:vm-101-disk-0', 'raw+size', '-', '-with-snapshots', '0', '-allow-rename', '1']);
});

test('only pvesm\'s own words say that a volume was imported', () => {
  expect(importedVolid("131072+0 records in\nsuccessfully imported 'thin:vm-101-disk-1'\n")).toBe('thin:vm-101-disk-1');
  expect(importedVolid('131072+0 records in\n')).toBeNull();
});
