import { parseStorageConfig } from '../../../domain/cluster/parse-storage.js';
import { ctVolume } from '../../../hypervisor/storage/ct-volume.js';

const { storages } = parseStorageConfig('dir: local\n\tpath /vz\n\nbtrfs: pool\n\tpath /pool\n\nlvmthin: thin\n\tvgname a\n\tthinpool b\n\ndir: other\n\tpath /other\n\tnodes pve2\n');

test.each([
  ['local:110/subvol-110-disk-0.subvol', { kind: 'subvol', path: '/vz/images/110/subvol-110-disk-0.subvol', storageType: 'dir', owner: 110 }],
  ['local:110/vm-110-disk-1.raw', { kind: 'raw', path: '/vz/images/110/vm-110-disk-1.raw', owner: 110 }],
  ['pool:110/subvol-110-disk-0.subvol', { kind: 'subvol', path: '/pool/images/110/subvol-110-disk-0.subvol', storageType: 'btrfs' }],
  ['pool:110/vm-110-disk-0.raw', { kind: 'raw', path: '/pool/images/110/vm-110-disk-0/disk.raw', storageType: 'btrfs' }],
  ['local:9/base-9-disk-0.subvol/110/subvol-110-disk-0.subvol', { path: '/vz/images/110/subvol-110-disk-0.subvol', owner: 110 }],
])('%s lies where PVE puts it', (volid, expected) => {
  expect(ctVolume(storages, 'pve1', volid)).toMatchObject({ volid, ...expected });
});

test.each([
  ['local:110/../../etc/passwd.raw', /is no volume of a container/],
  ['local:110/vm-110-disk-0.qcow2', /is no volume of a container/],
  ['thin:vm-110-disk-0', /type lvmthin is not supported/],
  ['other:110/vm-110-disk-0.raw', /not available on node pve1/],
  ['nowhere:110/vm-110-disk-0.raw', /it does not exist/],
])('%s is refused', (volid, message) => {
  expect(() => ctVolume(storages, 'pve1', volid)).toThrow(message);
});
