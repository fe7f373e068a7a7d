import { existsSync, mkdirSync, readdirSync, rmSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { findHierarchies, removeLabCgroups } from './cgroups.js';
import { EXIT, LabError } from './errors.js';
import { type Layout, MAX_NODES, nodeNames } from './layout.js';
import { releaseLoops } from './loops.js';
import { makeNodeNetwork, makeSwitch, ownNamespaces, removeNetwork } from './network.js';
import { bootNode, endNode, nodeStatus } from './node.js';
import { writeNodeFiles } from './node-files.js';
import { runningPid, stopRecorded, sweepProcesses } from './processes.js';
import { writeMembers, writePveRoot } from './pve-root.js';
import { relayRunning, startRelay } from './relay.js';
import { must, runMarked } from './run.js';
import { requireMachine } from './requirements.js';
import { startControl } from './services.js';
import { type LabState, readState, writeState } from './state.js';
import { restartTemporal, startTemporal, temporalRunning } from './temporal.js';

/** What `down --purge` removes: never the whole directory, which may be somebody's home. */
const OWN_FILES = ['nodes', 'pve', 'shared', 'mnt', 'control', 'temporal'] as const;

export interface UpOptions {
  /** Default 3. */
  readonly nodes?: number;
  /** What each node says it gives to its guests, MiB; absent: whatever the machine has free. */
  readonly memoryMiB?: number;
  /** false: no node agents, no control worker (their supervisors wait). */
  readonly agents?: boolean;
  /** false: no Temporal server and no relay to one. */
  readonly temporal?: boolean;
  /** How often an agent looks for what closed workflows left, s; default the product's own. */
  readonly reconcileIntervalSeconds?: number;
}

/**
 * Makes the whole cluster, or what is missing of one that is up (a crashed node is booted again).
 * - the state file first: whatever happens after, `down` finds it all
 * - guest image and Temporal while namespaces and keys are made
 * - relay, nodes, control worker
 * When it fails, everything is taken down again and the first error is thrown.
 */
export async function assemble(layout: Layout, options: UpOptions = {}): Promise<LabState> {
  requireMachine();
  const nodes = nodeNames(options.nodes ?? 3);
  if (nodes.length < 1 || nodes.length > MAX_NODES) throw new LabError(`a lab has 1…${MAX_NODES} nodes`, EXIT.usage);
  const before = await readState(layout);
  if (before?.phase === 'up' && (await isWhole(layout, before))) return runMarked(layout.dir, () => complete(layout, before, options));
  await dismantle(layout, { purge: false });
  mkdirSync(layout.runDir, { recursive: true });
  const state: LabState = {
    version: 1, dir: layout.dir, id: layout.id, phase: 'starting', nodes,
    agents: (options.agents ?? true) && (options.temporal ?? true),
    cgroups: findHierarchies(layout), temporal: null,
  };
  await writeState(layout, state);
  try {
    return await runMarked(layout.dir, () => makeAll(layout, state, options));
  } catch (error) {
    await dismantle(layout, { purge: false });
    throw error;
  }
}

/** Removes every process, namespace, mount and cgroup of the lab; its files too with `purge`. No error when there is none. */
export async function dismantle(layout: Layout, options: { readonly purge: boolean }): Promise<void> {
  const state = await readState(layout);
  if (state) {
    await Promise.all(state.nodes.map((node) => endNode(layout, state, node)));
    await Promise.all(recordNames(layout).map((name) => stopRecorded(layout, name, name === 'temporal' && !options.purge ? { kindlyMs: 5000 } : {})));
  }
  await sweepProcesses(layout);
  await releaseLoops(layout);
  await removeNetwork(layout);
  if (state) await removeLabCgroups(state.cgroups);
  for (const name of ['run', ...(options.purge ? OWN_FILES : []), 'lab.json']) rmSync(join(layout.dir, name), { recursive: true, force: true });
  if (options.purge && existsSync(layout.dir) && readdirSync(layout.dir).length === 0) rmdirSync(layout.dir);
}

async function makeAll(layout: Layout, state: LabState, { temporal: withTemporal = true, reconcileIntervalSeconds, memoryMiB }: UpOptions): Promise<LabState> {
  writePveRoot(layout, state.nodes);
  const starting = withTemporal ? startTemporal(layout) : Promise.resolve(null);
  await settle([
    starting,
    makeNetwork(layout, state),
    writeNodeFiles(layout, state.nodes, { reconcileIntervalSeconds, guestMemoryMiB: memoryMiB }),
    buildGuest(layout),
  ]);
  const temporal = await starting;
  const whole: LabState = { ...state, temporal };
  await writeState(layout, whole);
  if (temporal) await startRelay(layout, temporal.address);
  await settle(whole.nodes.map((node) => bootNode(layout, whole, node)));
  await startControl(layout, whole);
  const up: LabState = { ...whole, phase: 'up' };
  await writeState(layout, up);
  return up;
}

/** What `up` does to a lab that is up: powers dead nodes on and restarts what has died. */
async function complete(layout: Layout, state: LabState, options: UpOptions): Promise<LabState> {
  if (options.nodes !== undefined && options.nodes !== state.nodes.length) {
    throw new LabError(`a lab of ${state.nodes.length} nodes is up in ${layout.dir}: run \`ferry-lab down\` first`, EXIT.notThere);
  }
  await buildGuest(layout);
  if (state.temporal?.own && !temporalRunning(layout)) await restartTemporal(layout, state.temporal);
  if (state.temporal && !relayRunning(layout)) await startRelay(layout, state.temporal.address);
  if (state.temporal && runningPid(layout, 'control') === null) await startControl(layout, state);
  await settle(state.nodes.filter((n) => nodeStatus(layout, state, n) === 'down').map((n) => bootNode(layout, state, n)));
  writeMembers(layout, state.nodes, new Set(state.nodes));
  return state;
}

/** Namespaces do not outlive a reboot of the machine, the state file does. */
async function isWhole(layout: Layout, state: LabState): Promise<boolean> {
  return (await ownNamespaces(layout)).length === state.nodes.length + 1;
}

async function makeNetwork(layout: Layout, state: LabState): Promise<void> {
  await makeSwitch(layout);
  for (const node of state.nodes) await makeNodeNetwork(layout, node);
}

/** The guest's kernel, initrd and the probe: quick when they are there. */
export async function buildGuest(layout: Layout): Promise<void> {
  await must(['bash', join(layout.home, 'lab/guest/build.sh'), layout.guestDir]);
}

const recordNames = (layout: Layout): string[] =>
  existsSync(layout.runDir) ? readdirSync(layout.runDir).filter((f) => f.endsWith('.json')).map((f) => f.slice(0, -'.json'.length)) : [];

/** Lets all of them end before it throws the first error: nothing may still be at work when the caller clears up. */
async function settle(work: readonly Promise<unknown>[]): Promise<void> {
  for (const ended of await Promise.allSettled(work)) if (ended.status === 'rejected') throw ended.reason;
}
