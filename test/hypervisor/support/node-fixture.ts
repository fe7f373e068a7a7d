import { mkdtemp, rm } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run, runOk } from '../../../hypervisor/exec.js';
import type { RunPaths } from '../../../hypervisor/paths.js';
import { buildCommandLine } from '../../../hypervisor/qemu/command-line/build.js';
import { type CommandLineInput } from '../../../hypervisor/qemu/command-line/input.js';
import { QmpClient } from '../../../hypervisor/qemu/qmp/client.js';
import { Monitor } from '../../../hypervisor/qemu/qmp/monitor.js';
import { generalQmpPath } from '../../../hypervisor/paths.js';
import { vmConfig } from './vm-config.js';

// Real processes on a machine that may be busy.
jest.setTimeout(60_000);

/** A node of the test's own: a run directory, an image folder, a bridge without an uplink. */
export interface NodeFixture {
  readonly folder: string;
  readonly paths: RunPaths;
  readonly bridge: string;
  image(name: string, format?: string): Promise<string>;
  argv(vmid: number, lines: Readonly<Record<string, string>>, extra?: Partial<CommandLineInput>): string[];
  ask<T>(vmid: number, question: (monitor: Monitor) => Promise<T>): Promise<T>;
  remove(): Promise<void>;
}

export async function makeNode(): Promise<NodeFixture> {
  const folder = await mkdtemp(join(tmpdir(), 'node-'));
  const bridge = `ft${process.pid}`;
  const paths = { qemuRunDir: join(folder, 'run') };
  await runOk('ip', ['link', 'add', bridge, 'type', 'bridge']);
  return {
    folder, paths, bridge,
    async image(name, format = 'raw') {
      const path = join(folder, name);
      if (!existsSync(path)) await runOk('qemu-img', ['create', '-q', '-f', format, path, '8M']);
      return path;
    },
    argv: (vmid, lines, extra = {}) => buildCommandLine({
      config: vmConfig(vmid, lines), paths, binary: 'qemu-system-x86_64', incoming: false, paused: true,
      resolve: (volid) => ({ path: join(folder, volid.split(':')[1] ?? ''), format: volid.endsWith('.qcow2') ? 'qcow2' : 'raw' }), ...extra,
    }),
    async ask(vmid, question) {
      const client = await QmpClient.connect(generalQmpPath(paths, vmid), { timeoutMs: 10_000 });
      try {
        return await question(new Monitor(client));
      } finally {
        client.close();
      }
    },
    async remove() {
      await run('ip', ['link', 'del', bridge]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}
