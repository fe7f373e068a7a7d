import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { NodeName, Vmid } from '../domain/ids.js';
import { EXIT, LabError } from './errors.js';
import { type Layout, nodeDir } from './layout.js';
import { execInNode } from './node.js';
import { isAlive, readRecord } from './processes.js';
import { listCts, listVms, vmConfigFile } from './pve-root.js';
import { must } from './run.js';
import type { LabState } from './state.js';
import { type VmOptions, planDisks, vmConfigText } from './vm-config.js';

/** Makes the guest's disks and its config on one node; the guest is not started. Throws `LabError` when the vmid is taken. */
export async function createVm(layout: Layout, state: LabState, vmid: Vmid, node: NodeName, options: VmOptions = {}): Promise<void> {
  if (!state.nodes.includes(node)) throw new LabError(`no node ${node} in this lab: it has ${state.nodes.join(', ')}`, EXIT.notThere);
  const taken = [...listVms(layout), ...listCts(layout)].find((guest) => guest.vmid === vmid);
  if (taken) throw new LabError(`guest ${vmid} exists already, on ${taken.node}`, EXIT.usage);
  const disks = planDisks(vmid, options.disks ?? []);
  const text = vmConfigText(layout, vmid, options, disks);
  for (const disk of disks) {
    const file = join(disk.storage === 'shared' ? layout.sharedDir : join(nodeDir(layout, node), disk.storage), disk.file);
    mkdirSync(dirname(file), { recursive: true });
    rmSync(file, { force: true });
    await must(['qemu-img', 'create', '-q', '-f', disk.format, file, disk.size]);
  }
  writeFileSync(vmConfigFile(layout, node, vmid), text);
}

/** The node whose directory holds the guest's config. Throws `LabError` (exit 4). */
export function nodeOfVm(layout: Layout, vmid: Vmid): NodeName {
  const vm = listVms(layout).find((v) => v.vmid === vmid);
  if (!vm) throw new LabError(`no VM ${vmid} in this lab: make it with \`ferry-lab vm create\``, EXIT.notThere);
  return vm.node;
}

/** `ferry vm start|stop` on the guest's node. Throws `LabError` with its sentence. */
export async function controlVm(layout: Layout, state: LabState, vmid: Vmid, action: 'start' | 'stop'): Promise<void> {
  const done = await execInNode(layout, state, nodeOfVm(layout, vmid), ['node', join(layout.home, 'dist/workers/vm.js'), action, String(vmid)]);
  if (done.exitCode !== 0) throw new LabError(`${action} failed: VM ${vmid}: exit ${done.exitCode}: ${(done.stderr || done.stdout).trim()}`);
}

/** The guest's first serial port, where it is now. */
export const serialSocket = (vmid: Vmid): string => `/run/qemu-server/${vmid}.serial0`;

/** true when a QEMU of this guest lives on that node (its pid file, seen through the node's own /run). */
export function vmRunsOn(layout: Layout, vmid: Vmid, node: NodeName): boolean {
  const init = readRecord(layout, `init-${node}`);
  if (init === null || !isAlive(init)) return false;
  const root = `/proc/${init.pid}/root`;
  const pidFile = `${root}/run/qemu-server/${vmid}.pid`;
  if (!existsSync(pidFile)) return false;
  return existsSync(`${root}/proc/${readFileSync(pidFile, 'utf8').trim()}`);
}
