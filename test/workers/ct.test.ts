import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { run, type RunResult } from '../../hypervisor/exec.js';

jest.setTimeout(60_000);

/** Containers that run are a matter of the lab (test/cluster-lab/lab-container): here is what `ferry ct` refuses, and says of one that does not run. */
const VMID = 990_005;
let program: string;
let built: string;
let folder: string;

beforeAll(async () => {
  built = await mkdtemp(join(tmpdir(), 'ct-built-'));
  program = join(built, 'ct.mjs');
  await build({
    entryPoints: [join(process.env['FERRY_HOME']!, 'workers/ct.ts')], outfile: program, bundle: true, platform: 'node', format: 'esm', logLevel: 'error',
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
  });
});
afterAll(async () => { await rm(built, { recursive: true, force: true }); });

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ct-'));
  for (const node of ['pve1', 'pve2']) for (const kind of ['qemu-server', 'lxc']) await mkdir(join(folder, 'pve', 'nodes', node, kind), { recursive: true });
  await writeFile(join(folder, 'pve', 'storage.cfg'), `dir: local\n\tpath ${folder}/images\n`);
  await writeFile(join(folder, 'ferry.json'), JSON.stringify({ node: 'pve1', pveRoot: join(folder, 'pve'), lxcPath: join(folder, 'lxc'), lxcRunDir: join(folder, 'run'), stateDir: folder, runDir: folder }));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const ROOTFS = `rootfs: local:${VMID}/subvol-${VMID}-disk-0.subvol\n`;
const guest = (text: string, node = 'pve1', kind = 'lxc'): Promise<void> => writeFile(join(folder, 'pve', 'nodes', node, kind, `${VMID}.conf`), text);
const ct = (...args: string[]): Promise<RunResult> => run(process.execPath, [program, ...args], { env: { FERRY_CONFIG: join(folder, 'ferry.json') } });
const json = async (...args: string[]): Promise<Record<string, unknown>> => JSON.parse((await ct(...args, '--json')).stdout) as Record<string, unknown>;

describe('ferry ct', () => {
  it('tells of a stopped container what its volumes hold', async () => {
    await guest(`${ROOTFS}mp0: local:${VMID}/vm-${VMID}-disk-1.raw,mp=/data\nunused0: local:${VMID}/vm-${VMID}-disk-2.raw\n`);
    const images = join(folder, 'images', 'images', String(VMID));
    await mkdir(join(images, `subvol-${VMID}-disk-0.subvol`), { recursive: true });
    await writeFile(join(images, `vm-${VMID}-disk-1.raw`), Buffer.alloc(1_048_576, 1));
    const { stdout, stderr, exitCode } = await ct('status', String(VMID));
    expect(stdout.split('\n')[0]).toBe(`CT ${VMID} on pve1: stopped`);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: expect.stringMatching(/warning: look at volume failed: unused0: .*ENOENT/) as string });
    expect(await json('status', String(VMID))).toMatchObject({
      vmid: VMID, node: 'pve1', state: 'stopped', pid: null,
      volumes: [{ mount: 'rootfs', kind: 'subvol', sizeBytes: null, usedBytes: expect.any(Number) as number }, { mount: 'mp0', kind: 'raw', sizeBytes: 1_048_576, usedBytes: 1_048_576 }],
    });
    expect((await ct('stop', String(VMID))).stdout).toMatch(/was not running/);
    expect((await ct('status', String(VMID), '--check', 'tcp:80')).stderr).toMatch(/^ferry ct: check CT \d+ failed: it does not run\n$/);
  });

  it.each([
    ['a locked container', 'start', `${ROOTFS}lock: migrate\n`, 'pve1', 'lxc', /locked \(migrate\)/, 'GuestLocked'],
    ['to stop a locked container', 'stop', `${ROOTFS}lock: backup\n`, 'pve1', 'lxc', /locked \(backup\)/, 'GuestLocked'],
    ['a container of another node', 'start', ROOTFS, 'pve2', 'lxc', /it is on pve2, this is pve1/, 'InvalidInput'],
    ['to stop a container of another node', 'stop', ROOTFS, 'pve2', 'lxc', /it is on pve2, this is pve1/, 'InvalidInput'],
    ['a virtual machine', 'start', 'memory: 32\n', 'pve1', 'qemu-server', /it is a virtual machine/, 'InvalidInput'],
    ['a template', 'start', `${ROOTFS}template: 1\n`, 'pve1', 'lxc', /it is a template/, 'InvalidInput'],
    ['a config with errors', 'start', `${ROOTFS}memory: much\n`, 'pve1', 'lxc', /its config has errors: memory: /, 'InvalidInput'],
    ['what it cannot build', 'start', `${ROOTFS}dev1: /dev/ttyUSB0\n`, 'pve1', 'lxc', /ferry does not build dev1; start it with PVE's tools, or remove them\n$/, 'InvalidInput'],
    ['a container whose volume is not there', 'start', ROOTFS, 'pve1', 'lxc', /^ferry ct: mount volume failed: rootfs of CT 990005: ENOENT/, 'StorageUnavailable'],
    ['a volume of a storage it cannot use', 'start', 'rootfs: nowhere:1/subvol-1-disk-0.subvol\n', 'pve1', 'lxc', /nowhere: it does not exist/, 'StorageUnavailable'],
  ])('refuses %s', async (_title, command, text, node, kind, message, error) => {
    await guest(text, node, kind);
    const { exitCode, stderr } = await ct(command, String(VMID));
    expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: expect.stringMatching(message) as string });
    expect(await json(command, String(VMID))).toMatchObject({ error });
    expect(await readdir(join(folder, 'run', String(VMID))).catch(() => [])).toEqual([]);
  });

  it('refuses a guest nobody has, a number that is none, and a check that is none', async () => {
    expect((await ct('start', String(VMID))).stderr).toMatch(/no node has a config of it/);
    expect((await ct('start', '10x')).stderr).toMatch(/expected a whole number/);
    expect(await json('status', String(VMID), '--check', 'icmp')).toMatchObject({ error: 'InvalidInput' });
  });
});
