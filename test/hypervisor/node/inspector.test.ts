import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseFerryConfig } from '../../../domain/edge/ferry-config.js';
import { createNodeInspector, createNodeParts } from '../../../workers/node-parts.js';

// Real processes on a machine that may be busy.
jest.setTimeout(60_000);

const VMID = 990_014;
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'inspector-'));
  for (const made of ['pve/nodes/pve1/qemu-server', 'pve/nodes/pve2/qemu-server', `images/images/${VMID}`]) await mkdir(join(folder, made), { recursive: true });
  await writeFile(join(folder, 'pve/storage.cfg'), `dir: shared\n\tpath ${folder}/images\n\tcontent images\n\tshared 1\n`);
  await writeFile(join(folder, `pve/nodes/pve1/qemu-server/${VMID}.conf`), `memory: 128\nscsi0: shared:${VMID}/vm-${VMID}-disk-0.raw,size=1M\n`);
  await writeFile(join(folder, `images/images/${VMID}/vm-${VMID}-disk-0.raw`), Buffer.alloc(1024 ** 2));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test.each([
  ['where the guest is, its disks are looked at', 'pve1', [`shared:${VMID}/vm-${VMID}-disk-0.raw`]],
  ['elsewhere they are not: a shared one would take a process each time', 'pve2', []],
])('%s', async (_title, node, volids) => {
  const config = { ...parseFerryConfig({ pveRoot: join(folder, 'pve'), stateDir: join(folder, 'state'), runDir: join(folder, 'run'), qemuRunDir: join(folder, 'qemu') }), node };
  const { guest } = await createNodeInspector(createNodeParts(config))({ vmid: VMID, storages: ['shared'] });
  expect(guest.disks.map(({ volid }) => volid)).toEqual(volids);
  expect(guest.state).toBe('stopped');
});
