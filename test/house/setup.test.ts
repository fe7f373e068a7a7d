import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const home = process.env['FERRY_HOME'] as string;
let stubs = '';

beforeEach(() => {
  stubs = mkdtempSync(join(tmpdir(), 'ferry-setup-'));
});
afterEach(() => rmSync(stubs, { recursive: true }));

/** Programs that stand before the real ones on PATH; apt-get must never be reached. */
function setUpWith(programs: Readonly<Record<string, string>>): { status: number | null; stderr: string; calledApt: boolean } {
  const marker = join(stubs, 'apt-was-called');
  for (const [name, body] of Object.entries({ 'apt-get': `touch ${marker}; exit 1`, ...programs })) {
    writeFileSync(join(stubs, name), `#!/bin/sh\n${body}\n`);
    chmodSync(join(stubs, name), 0o755);
  }
  const { status, stderr } = spawnSync(join(home, 'lab/setup/setup.sh'), { encoding: 'utf8', env: { ...process.env, PATH: `${stubs}:${process.env['PATH']}` } });
  return { status, stderr, calledApt: spawnSync('test', ['-e', marker]).status === 0 };
}

test('without root, everything that is missing is listed at once and nothing is changed', () => {
  const { status, stderr, calledApt } = setUpWith({ 'dpkg-query': 'exit 1', id: 'echo 1000', node: 'echo v18.19.0', 'qemu-system-x86_64': 'echo "QEMU emulator version 7.2.22"' });
  expect(status).toBe(3);
  expect(calledApt).toBe(false);
  for (const part of ['node 20.3 or newer', 'lxc', 'openssh-server', 'nftables', 'spin', 'qemu-img, version 9.0 or newer', 'Nothing was changed.']) expect(stderr).toContain(part);
});

test('an old Node alone is a reason not to begin', () => {
  const { status, stderr, calledApt } = setUpWith({ node: 'echo v20.2.0' });
  expect({ status, calledApt }).toEqual({ status: 3, calledApt: false });
  expect(stderr.split('\n')).toContain('  node 20.3 or newer');
});
