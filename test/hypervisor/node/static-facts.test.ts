import { chmod, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run, runOk } from '../../../hypervisor/exec.js';
import { kvmWorks, probeRom, PROBE_FILE, runsProbe } from '../../../hypervisor/node/kvm-probe.js';
import { staticFacts } from '../../../hypervisor/node/static-facts.js';

jest.setTimeout(60_000);

let folder: string;
beforeEach(async () => { folder = await mkdtemp(join(tmpdir(), 'facts-')); });
afterEach(async () => { await rm(folder, { recursive: true, force: true }); });

describe('the KVM probe', () => {
  it('is the program its source says (SKIP: without gcc)', async () => {
    if ((await run('gcc', ['--version']).catch(() => ({ exitCode: 1 }))).exitCode !== 0) return;
    const source = join(process.env['FERRY_HOME']!, 'hypervisor/node/kvm-probe.S');
    await runOk('gcc', ['-c', '-x', 'assembler-with-cpp', '-m64', source, '-o', join(folder, 'p.o')]);
    await runOk('objcopy', ['-O', 'binary', '-j', '.text', join(folder, 'p.o'), join(folder, 'rom')]);
    expect(probeRom().equals(readFileSync(join(folder, 'rom')))).toBe(true);
  });

  it('comes to its end where the CPU is whole', async () => {
    expect(await runsProbe('qemu-system-x86_64', folder, 'tcg')).toBe(true);
  });

  it('says no, instead of waiting, where QEMU does not even start', async () => {
    expect(await runsProbe('false', folder, 'tcg')).toBe(false);
    expect(typeof await kvmWorks('false', folder)).toBe('boolean');
  });

  it('leaves nothing, also where an agent was killed while it asked', async () => {
    await writeFile(join(folder, PROBE_FILE), 'half a probe');
    expect(await runsProbe('qemu-system-x86_64', folder, 'tcg')).toBe(true);
    expect(await readdir(folder)).toEqual([]);
  });

  it('makes the run directory that a node just booted has not', async () => {
    expect(await runsProbe('qemu-system-x86_64', join(folder, 'run', 'ferry'), 'tcg')).toBe(true);
  });
});

describe('staticFacts', () => {
  /** A QEMU that notes each time it is asked, and then is the real one. */
  async function notedQemu(): Promise<{ path: string; asked: () => number }> {
    const path = join(folder, 'qemu');
    await writeFile(path, `#!/bin/sh\necho x >> ${folder}/asked\nexec qemu-system-x86_64 "$@"\n`);
    await chmod(path, 0o755);
    return { path, asked: () => readFileSync(join(folder, 'asked'), 'utf8').split('\n').length - 1 };
  }

  it('asks once, also for callers at the same time, until another QEMU is installed', async () => {
    const { path, asked } = await notedQemu();
    const [a, b] = await Promise.all([staticFacts(path, folder), staticFacts(path, folder)]);
    const first = asked();
    expect(await staticFacts(path, folder)).toEqual(a);
    expect(b).toEqual(a);
    expect(asked()).toBe(first);
    await rm(path);
    await notedQemu();
    await staticFacts(path, folder);
    expect(asked()).toBeGreaterThan(first);
  });

  it('reports QEMU\'s own words when it can not be asked, and asks again', async () => {
    const path = join(folder, 'qemu');
    await writeFile(path, '#!/bin/sh\necho "no licence" >&2\nexit 3\n');
    await chmod(path, 0o755);
    await expect(staticFacts(path, folder)).rejects.toThrow(/no licence/);
    await expect(staticFacts(path, folder)).rejects.toThrow(/no licence/);
    await expect(staticFacts('no-such-qemu', folder)).rejects.toThrow(/no-such-qemu: no such program/);
  });
});
