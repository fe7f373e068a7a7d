import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NodeName } from '../domain/ids.js';
import type { Layout } from './layout.js';
import { killUntilGone } from './processes.js';
import { until } from './run.js';
import type { CgroupHierarchy } from './state.js';

/** The hierarchies of this machine (v1, v2 or both), each with the lab's own cgroup below the caller's. Makes nothing. */
export function findHierarchies(layout: Layout, texts = { mountinfo: readText('/proc/self/mountinfo'), own: readText('/proc/self/cgroup') }): CgroupHierarchy[] {
  const found: CgroupHierarchy[] = [];
  for (const { mountedAt, type, superOptions } of cgroupMounts(texts.mountinfo)) {
    if (found.some((h) => h.mountedAt === mountedAt)) continue;
    const membership = membershipOf(texts.own, type, superOptions);
    if (membership === null) continue;
    found.push({ mountedAt, type, options: membership.options, path: join(mountedAt, membership.path, layout.cgroupName) });
  }
  return found;
}

/** Makes the node's cgroups and the files that its boot script reads. */
export function makeNodeCgroups(layout: Layout, hierarchies: readonly CgroupHierarchy[], node: NodeName): void {
  for (const { path } of hierarchies) {
    for (const dir of [path, join(path, node)]) {
      mkdirSync(dir, { recursive: true });
      inheritCpuset(dir);
    }
  }
  writeFileSync(join(layout.runDir, `${node}.cgroups`), lines(hierarchies.map((h) => join(h.path, node))));
  writeFileSync(join(layout.runDir, 'hierarchies'), lines(hierarchies.map((h) => `${h.mountedAt} ${h.type} ${h.options}`.trimEnd())));
}

/** Waits until the node's processes are gone, then removes its cgroups with all below; no error when they are gone. */
export async function removeNodeCgroups(hierarchies: readonly CgroupHierarchy[], node: NodeName): Promise<void> {
  for (const { path } of hierarchies) await removeTree(join(path, node));
}

export async function removeLabCgroups(hierarchies: readonly CgroupHierarchy[]): Promise<void> {
  for (const { path } of hierarchies) await removeTree(path);
}

/** Stops or continues every process of the node; done when the kernel says so. */
export async function setFrozen(hierarchies: readonly CgroupHierarchy[], node: NodeName, frozen: boolean): Promise<void> {
  const freezer = freezerOf(hierarchies, node);
  writeFileSync(freezer.file, freezer.v2 ? (frozen ? '1' : '0') : (frozen ? 'FROZEN' : 'THAWED'));
  await until(`${node} to ${frozen ? 'freeze' : 'thaw'}`, 10_000, () => isFrozen(hierarchies, node) === frozen);
}

export function isFrozen(hierarchies: readonly CgroupHierarchy[], node: NodeName): boolean {
  const freezer = freezerOf(hierarchies, node);
  if (!existsSync(freezer.file)) return false;
  return freezer.v2 ? /^frozen 1$/m.test(readText(join(freezer.dir, 'cgroup.events'))) : readText(freezer.file).trim() === 'FROZEN';
}

/** Every process of the node, as the machine numbers them. */
export function pidsOfNode(hierarchies: readonly CgroupHierarchy[], node: NodeName): number[] {
  return pidsBelow(freezerOf(hierarchies, node).dir);
}

function freezerOf(hierarchies: readonly CgroupHierarchy[], node: NodeName): { dir: string; file: string; v2: boolean } {
  const v1 = hierarchies.find((h) => h.options.split(',').includes('freezer'));
  const chosen = v1 ?? hierarchies.find((h) => h.type === 'cgroup2');
  if (!chosen) throw new Error('this machine has no cgroup freezer');
  const dir = join(chosen.path, node);
  return { dir, file: join(dir, v1 ? 'freezer.state' : 'cgroup.freeze'), v2: !v1 };
}

function cgroupMounts(mountinfo: string): { mountedAt: string; type: 'cgroup' | 'cgroup2'; superOptions: string[] }[] {
  return mountinfo.split('\n').flatMap((line) => {
    const [left, right] = line.split(' - ');
    const [type, , superOptions] = (right ?? '').split(' ');
    const mountedAt = left?.split(' ')[4];
    if ((type !== 'cgroup' && type !== 'cgroup2') || !mountedAt) return [];
    return [{ mountedAt, type, superOptions: (superOptions ?? '').split(',') }];
  });
}

/** The caller's place in one hierarchy, from its line `<id>:<controllers>:<path>` in /proc/self/cgroup (cgroups(7)). */
function membershipOf(own: string, type: 'cgroup' | 'cgroup2', superOptions: readonly string[]): { path: string; options: string } | null {
  for (const line of own.split('\n')) {
    const [id, controllers = '', ...path] = line.split(':');
    const at = path.join(':');
    if (type === 'cgroup2' && id === '0') return { path: at, options: '' };
    const names = controllers.split(',');
    if (type === 'cgroup' && controllers && names.every((n) => superOptions.includes(n))) {
      return { path: at, options: controllers.startsWith('name=') ? `none,${controllers}` : controllers };
    }
  }
  return null;
}

/** A new v1 cpuset is empty, and nothing can run in an empty one. */
function inheritCpuset(dir: string): void {
  if (!existsSync(join(dir, 'cpuset.mems')) || !existsSync(join(dir, 'cgroup.clone_children'))) return;
  for (const file of ['cpuset.cpus', 'cpuset.mems']) writeFileSync(join(dir, file), readText(join(dir, '..', file)));
  writeFileSync(join(dir, 'cgroup.clone_children'), '1');
}

async function removeTree(dir: string): Promise<void> {
  if (!existsSync(dir)) return;
  await killUntilGone(`processes in ${dir}`, () => pidsBelow(dir));
  for (const child of childrenOf(dir)) await removeTree(child);
  await until(`${dir} to be removed`, 5000, () => {
    try {
      rmdirSync(dir);
    } catch (error) {
      // EBUSY: the kernel is still taking the last process down
      return (error as NodeJS.ErrnoException).code === 'ENOENT';
    }
    return true;
  });
}

function childrenOf(dir: string): string[] {
  if (!existsSync(dir)) return [];
  return readdirSync(dir, { withFileTypes: true }).filter((e) => e.isDirectory()).map((e) => join(dir, e.name));
}

function pidsBelow(dir: string): number[] {
  if (!existsSync(dir)) return [];
  const own = readText(join(dir, 'cgroup.procs')).split('\n').filter(Boolean).map(Number);
  return [...own, ...childrenOf(dir).flatMap(pidsBelow)];
}

const lines = (all: readonly string[]): string => all.map((l) => `${l}\n`).join('');
function readText(file: string): string {
  return readFileSync(file, 'utf8');
}
