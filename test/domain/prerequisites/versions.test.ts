import { compareVersions } from '../../../domain/prerequisites/versions.js';

test.each([
  ['10.0.2', '9.2.0', 1],
  ['9.0', '9.0.0', 0],
  ['10.0.2 (Debian 1:10.0.2+ds-2+deb13u1)', '10.0.2', 0],
  ['pve-qemu-kvm 9.2.0', '9.2.0', 0],
  ['0.2.0-rc1', '0.2.0', -1],
  ['0.2.0-rc2', '0.2.0-rc1', 1],
  ['0.2.0-beta.1', '0.1.9', 1],
  ['8.10', '8.9', 1],
])('%s against %s', (a, b, expected) => {
  expect(Math.sign(compareVersions(a, b))).toBe(expected);
  expect(Math.sign(compareVersions(b, a))).toBe(expected === 0 ? 0 : -expected);
});
