import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeAddresses, nodeBridges } from '../../../hypervisor/node/network-facts.js';

let folder: string;
beforeEach(async () => { folder = await mkdtemp(join(tmpdir(), 'net-')); });
afterEach(() => rm(folder, { recursive: true, force: true }));

/** As the kernel shows it; null: a kernel that can't filter VLANs. The machine's own can't always. */
async function bridge(name: string, vlanFiltering: '0' | '1' | null): Promise<void> {
  await mkdir(join(folder, name, 'bridge'), { recursive: true });
  if (vlanFiltering !== null) await writeFile(join(folder, name, 'bridge', 'vlan_filtering'), `${vlanFiltering}\n`);
}

test('bridges are told apart from other interfaces, and those that keep VLANs apart from the rest', async () => {
  await mkdir(join(folder, 'eth0'));
  await bridge('vmbr1', '1');
  await bridge('vmbr0', '0');
  await bridge('vmbr2', null);
  expect(nodeBridges(folder)).toEqual({ bridges: ['vmbr0', 'vmbr1', 'vmbr2'], vlanAwareBridges: ['vmbr1'] });
});

test('addresses are asked for once; again when an interface has changed, when not all can be seen, and after a failure', async () => {
  const seen = [{ interface: 'eth1', address: '10.10.10.1', prefixLength: 24, up: true }];
  const ask = jest.fn(() => Promise.resolve(seen));
  for (const interfaces of ['a', 'a', 'b', 'a', null, null, 'a']) await expect(nodeAddresses(() => interfaces, ask)).resolves.toEqual(seen);
  expect(ask).toHaveBeenCalledTimes(6);
  const failing = jest.fn(() => Promise.reject(new Error('no ip')));
  for (let turn = 0; turn < 2; turn += 1) await expect(nodeAddresses(() => 'c', failing)).rejects.toThrow('no ip');
  expect(failing).toHaveBeenCalledTimes(2);
});
