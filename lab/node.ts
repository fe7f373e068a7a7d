import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { NodeName } from '../domain/ids.js';
import { isFrozen, makeNodeCgroups, pidsOfNode, removeNodeCgroups, setFrozen } from './cgroups.js';
import { EXIT, LabError } from './errors.js';
import { type Layout, mountPoint, nodeDir, nodeNamespace } from './layout.js';
import { failpointDir } from './failpoints.js';
import { setCables } from './network.js';
import { nodeEnvironment, setPaused } from './node-files.js';
import { killUntilGone, runningPid, startRecorded, stopRecorded } from './processes.js';
import { type Finished, run, until } from './run.js';
import type { LabState } from './state.js';

export type NodeStatus = 'up' | 'frozen' | 'down';

/** Powers a node on; resolves when its sshd answers. Throws `LabError` when it is on already. */
export async function bootNode(layout: Layout, state: LabState, node: NodeName): Promise<void> {
  if (nodeStatus(layout, state, node) !== 'down') throw new LabError(`boot failed: ${node} is on already`, EXIT.notThere);
  const log = join(nodeDir(layout, node), 'console.log');
  const ready = join(layout.runDir, `${node}.ready`);
  rmSync(ready, { force: true });
  setPaused(join(nodeDir(layout, node), 'agent'), !state.agents);
  makeNodeCgroups(layout, state.cgroups, node);
  await setCables(layout, node, true);
  await startRecorded(layout, `node-${node}`, {
    argv: [join(layout.home, 'lab/node-boot.sh'), nodeNamespace(layout, node)],
    env: { ...nodeEnvironment(layout, node), LAB_DIR: layout.dir, NODE: node, FERRY_FAILPOINTS: failpointDir(layout, node) },
    logFile: log,
    ownRecord: true,
  });
  await until(`${node} to boot, see ${log}`, 20_000, () => {
    if (runningPid(layout, `node-${node}`) === null) throw new LabError(`boot failed: ${node}: its first process ended, see ${log}`);
    return existsSync(ready);
  });
}

/** A power failure: cables first, so that no dying socket says good-bye, then everything in the node at once. */
export async function crashNode(layout: Layout, state: LabState, node: NodeName): Promise<void> {
  if (nodeStatus(layout, state, node) === 'down') throw new LabError(`crash failed: ${node} is off already`, EXIT.notThere);
  await setCables(layout, node, false);
  await endNode(layout, state, node);
}

/** Ends whatever is left of a node and of its cgroups; no error when it is off. */
export async function endNode(layout: Layout, state: LabState, node: NodeName): Promise<void> {
  if (isFrozen(state.cgroups, node)) {
    // Frozen processes die only when they thaw: the signal waits for them, so none of them runs again.
    for (const pid of pidsOfNode(state.cgroups, node)) killQuietly(pid);
    await setFrozen(state.cgroups, node, false);
  }
  await killUntilGone(`${node}'s first process`, () => [runningPid(layout, `init-${node}`)].filter((pid) => pid !== null));
  await stopRecorded(layout, `node-${node}`);
  await stopRecorded(layout, `init-${node}`);
  await removeNodeCgroups(state.cgroups, node);
}

export async function freezeNode(layout: Layout, state: LabState, node: NodeName, frozen: boolean): Promise<void> {
  if (nodeStatus(layout, state, node) === 'down') throw new LabError(`${frozen ? 'freeze' : 'thaw'} failed: ${node} is off`, EXIT.notThere);
  await setFrozen(state.cgroups, node, frozen);
}

export function nodeStatus(layout: Layout, state: LabState, node: NodeName): NodeStatus {
  if (runningPid(layout, `init-${node}`) === null) return 'down';
  return isFrozen(state.cgroups, node) ? 'frozen' : 'up';
}

/** The node's own view of the PVE root: read-only is what a node without quorum sees. A boot makes it writable again. */
export async function setReadonly(layout: Layout, state: LabState, node: NodeName, readonly: boolean): Promise<void> {
  const pid = String(requireUp(layout, state, node));
  const options = `remount,bind,${readonly ? 'ro' : 'rw'}`;
  // EBUSY while somebody has a file open for writing, which lasts as long as one write
  await until(`${node}'s PVE root to become ${readonly ? 'read-only' : 'writable'}`, 5000, async () =>
    (await run(['nsenter', '-t', pid, '-m', 'mount', '-o', options, mountPoint(layout, 'pve')])).exitCode === 0);
}

export function isReadonly(layout: Layout, state: LabState, node: NodeName): boolean {
  const mounts = readFileSync(`/proc/${requireUp(layout, state, node)}/mountinfo`, 'utf8').split('\n').map((line) => line.split(' '));
  return mounts.findLast((fields) => fields[4] === mountPoint(layout, 'pve'))?.[5]?.split(',').includes('ro') ?? false;
}

/** argv that runs a command inside the node: all its namespaces, its cgroups, its environment and nothing else. */
export function insideNode(layout: Layout, state: LabState, node: NodeName, argv: readonly string[], extraEnv: Readonly<Record<string, string>> = {}): string[] {
  const pid = requireUp(layout, state, node);
  const env = Object.entries({ ...nodeEnvironment(layout, node), ...extraEnv }).map(([k, v]) => `${k}=${v}`);
  return ['bash', join(layout.home, 'lab/node-enter.sh'), layout.dir, node, String(pid), 'env', '-i', ...env, ...argv];
}

/** Throws `LabError` (exit 4) unless the node is up and not frozen. */
export const execInNode = async (layout: Layout, state: LabState, node: NodeName, argv: readonly string[]): Promise<Finished> =>
  run(insideNode(layout, state, node, argv));

function requireUp(layout: Layout, state: LabState, node: NodeName): number {
  if (!state.nodes.includes(node)) throw new LabError(`no node ${node} in this lab: it has ${state.nodes.join(', ')}`, EXIT.notThere);
  const status = nodeStatus(layout, state, node);
  const pid = runningPid(layout, `init-${node}`);
  if (status !== 'up' || pid === null) throw new LabError(`node ${node} is ${status}`, EXIT.notThere);
  return pid;
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // gone already
  }
}
