import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeBridges } from '../../../hypervisor/node/network-facts.js';

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
