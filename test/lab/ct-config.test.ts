import { parseCtConfig } from '../../domain/guest/parse-ct-config.js';
import { parseStorageConfig } from '../../domain/cluster/parse-storage.js';
import { ctConfigText, initWords, planRootfs } from '../../lab/ct-config.js';

const { storages } = parseStorageConfig('dir: local\n\tpath /mnt/local\n\nbtrfs: pool\n\tpath /mnt/pool\n');

test.each([
  ['local:0', { volid: 'local:110/subvol-110-disk-0.subvol', kind: 'subvol', path: '/mnt/local/images/110/subvol-110-disk-0.subvol', size: '0' }],
  ['local:64M', { volid: 'local:110/vm-110-disk-0.raw', kind: 'raw', path: '/mnt/local/images/110/vm-110-disk-0.raw', size: '64M' }],
  ['local:2', { kind: 'raw', size: '2G' }],
  ['pool:0', { volid: 'pool:110/subvol-110-disk-0.subvol', kind: 'btrfs-subvol', path: '/mnt/pool/images/110/subvol-110-disk-0.subvol' }],
  ['pool:1G', { volid: 'pool:110/vm-110-disk-0.raw', kind: 'btrfs-raw', path: '/mnt/pool/images/110/vm-110-disk-0/disk.raw', size: '1G' }],
])('--rootfs %s is planned as PVE would make it', (text, expected) => {
  expect(planRootfs(110, text, storages)).toMatchObject(expected);
});

test.each([
  ['local', /size: /],
  ['local:x', /size: 0, or a size/],
  ['local:1:2', /expected <storage>:<size>/],
  ['nowhere:0', /no storage nowhere: there are local, pool/],
])('--rootfs %s is refused', (text, message) => {
  expect(() => planRootfs(110, text, storages)).toThrow(expect.objectContaining({ message: expect.stringMatching(message) as string, exitCode: 2 }));
});

test('the config is one that ferry reads without a complaint', () => {
  const text = ctConfigText(110, { memoryMiB: 128, hostname: 'web' }, planRootfs(110, 'local:0', storages));
  const { config, problems } = parseCtConfig(110, text);
  expect(problems).toEqual([]);
  expect(config).toMatchObject({
    hostname: 'web', memoryMiB: 128, swapMiB: 0, unknownKeys: [], rootfs: { sizeBytes: null },
    nets: [{ name: 'eth0', bridge: 'vmbr0', mac: '02:30:00:00:00:6E', ip: '10.30.0.110/24', gateway: '10.30.0.254' }],
  });
  expect(ctConfigText(110, {}, planRootfs(110, 'local:64M', storages))).toContain('rootfs: local:110/vm-110-disk-0.raw,size=64M\n');
});

test('a number that no guest of a lab can have is refused', () => {
  expect(() => ctConfigText(254, {}, planRootfs(254, 'local:0', storages))).toThrow(expect.objectContaining({ exitCode: 2 }));
});

test.each([[{}, 'http'], [{ service: 'counter' as const }, 'counter'], [{ stubborn: true }, 'http stubborn']])('its init is told %j as %j', (options, words) => {
  expect(initWords(options)).toBe(words);
});
