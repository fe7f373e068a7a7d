import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { run, type RunResult } from '../../hypervisor/exec.js';
import { findQemu } from '../../hypervisor/qemu/process/identity.js';
import { stopQemu } from '../../hypervisor/qemu/process/stop.js';

jest.setTimeout(60_000);

const VMID = 990_004;
let program: string;
let built: string;
let folder: string;
const paths = (): { qemuRunDir: string } => ({ qemuRunDir: join(folder, 'run') });

beforeAll(async () => {
  built = await mkdtemp(join(tmpdir(), 'vm-built-'));
  program = join(built, 'vm.mjs');
  await build({
    entryPoints: [join(process.env['FERRY_HOME']!, 'workers/vm.ts')], outfile: program, bundle: true, platform: 'node', format: 'esm', logLevel: 'error',
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
  });
});
afterAll(async () => { await rm(built, { recursive: true, force: true }); });

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vm-'));
  for (const node of ['pve1', 'pve2']) for (const kind of ['qemu-server', 'lxc']) await mkdir(join(folder, 'pve', 'nodes', node, kind), { recursive: true });
  await writeFile(join(folder, 'pve', 'storage.cfg'), `dir: local\n\tpath ${folder}/images\n`);
  await writeFile(join(folder, 'ferry.json'), JSON.stringify({ node: 'pve1', pveRoot: join(folder, 'pve'), qemuRunDir: paths().qemuRunDir, stateDir: folder, runDir: folder }));
});
afterEach(async () => {
  await stopQemu(VMID, paths(), { graceMs: 0 });
  await rm(folder, { recursive: true, force: true });
});

const guest = (text: string, node = 'pve1', kind = 'qemu-server'): Promise<void> => writeFile(join(folder, 'pve', 'nodes', node, kind, `${VMID}.conf`), text);
const vm = (...args: string[]): Promise<RunResult> => run(process.execPath, [program, ...args], { env: { FERRY_CONFIG: join(folder, 'ferry.json') } });
const json = async (...args: string[]): Promise<Record<string, unknown>> => JSON.parse((await vm(...args, '--json')).stdout) as Record<string, unknown>;

describe('ferry vm', () => {
  it('starts a guest once, tells its state, and stops it', async () => {
    await guest('memory: 32\nkvm: 0\nvga: none\n');
    expect((await vm('status', String(VMID))).stdout).toBe(`VM ${VMID} on pve1: stopped\n`);
    expect((await vm('start', String(VMID))).stdout).toMatch(/^VM 990004 on pve1: started \(pid \d+\)\n$/);
    const qemu = findQemu(VMID, paths());
    expect(await json('status', String(VMID))).toMatchObject({ vmid: VMID, node: 'pve1', state: 'running', pid: qemu?.pid });
    expect((await vm('start', String(VMID))).stdout).toMatch(/running already/);
    expect(findQemu(VMID, paths())).toEqual(qemu);
    expect(await json('stop', String(VMID), '--timeout', '0')).toMatchObject({ state: 'stopped', pid: null });
    expect(findQemu(VMID, paths())).toBeNull();
    expect((await vm('stop', String(VMID))).stdout).toMatch(/was not running/);
  });

  it.each([
    ['a locked guest', 'start', 'kvm: 0\nlock: migrate\n', 'pve1', 'qemu-server', /locked \(migrate\)/, 'GuestLocked'],
    ['to stop a locked guest', 'stop', 'kvm: 0\nlock: migrate\n', 'pve1', 'qemu-server', /locked \(migrate\)/, 'GuestLocked'],
    ['a guest of another node', 'start', 'kvm: 0\n', 'pve2', 'qemu-server', /it is on pve2, this is pve1/, 'InvalidInput'],
    ['a container', 'start', 'arch: amd64\n', 'pve1', 'lxc', /it is a container/, 'InvalidInput'],
    ['a template', 'start', 'template: 1\n', 'pve1', 'qemu-server', /it is a template/, 'InvalidInput'],
    ['a config with errors', 'start', 'memory: much\n', 'pve1', 'qemu-server', /its config has errors: memory: /, 'InvalidInput'],
    ['devices it cannot build', 'start', 'kvm: 0\nusb0: host=1-2\nhostpci1: mapping=gpu\ntpmstate0: local:1/x.raw\n', 'pve1', 'qemu-server', /^ferry vm: start VM 990004 failed: ferry does not build hostpci1, tpmstate0, usb0; start it with PVE's tools, or remove them\n$/, 'InvalidInput'],
    ['a guest whose disk is not there', 'start', `kvm: 0\nscsi0: local:${VMID}/vm-${VMID}-disk-0.raw\n`, 'pve1', 'qemu-server', /Could not open/, 'TargetStartFailed'],
  ])('refuses %s', async (_title, command, text, node, kind, message, error) => {
    await guest(text, node, kind);
    const { exitCode, stderr } = await vm(command, String(VMID));
    expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: expect.stringMatching(message) as string });
    expect(await json(command, String(VMID))).toMatchObject({ error });
  });

  it('warns of keys that it does not act on', async () => {
    await guest('memory: 32\nkvm: 0\nvga: none\nballoon: 16\naudio0: device=AC97\n');
    const warning = 'kept in the config and not acted on: balloon, audio0';
    expect(await vm('start', String(VMID))).toMatchObject({ exitCode: 0, stderr: `ferry vm: warning: ${warning}\n` });
    expect(await json('start', String(VMID))).toMatchObject({ state: 'running', warnings: [warning] });
  });

  it('refuses a guest nobody has, and a number that is none', async () => {
    expect((await vm('start', String(VMID))).stderr).toMatch(/no node has a config of it/);
    expect((await vm('start', '10x')).stderr).toMatch(/expected a whole number/);
  });
});
