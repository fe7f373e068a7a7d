import { setTimeout as sleep } from 'node:timers/promises';
import type { NodeName } from '../../domain/ids.js';
import type { Lab } from '../../lab/lab.js';
import { SMALL_STORAGE, type MatrixCluster, type Running } from './cluster.js';
import type { Row } from './row.js';

/** What was done, and how it is made good again: after a time, or at once when the migration is over. */
export interface Inflicted {
  readonly lastsMs: number;
  lift(): Promise<void>;
}

const PASSES_MS = 12_000;
const done: Inflicted = { lastsMs: 0, lift: () => Promise.resolve() };
const lasts = (lastsMs: number, lift: () => Promise<void>): Inflicted => ({ lastsMs, lift });

interface Nodes {
  readonly source: NodeName;
  readonly target: NodeName;
}

export async function inflict({ fault, guest }: Row, cluster: MatrixCluster, migration: Running, { source, target }: Nodes): Promise<Inflicted> {
  const { lab } = cluster;
  switch (fault) {
    case 'nothing':
      return done;
    case 'kill source agent':
    case 'kill target agent':
      await lab.agent(fault === 'kill source agent' ? source : target, 'kill');
      return done;
    case 'kill control worker':
      await lab.control('kill');
      return done;
    case 'kill Temporal':
      await lab.temporal('kill');
      return lasts(3000, () => lab.temporal('start'));
    case 'kill source QEMU':
    case 'kill target QEMU':
      await killInNode(lab, fault === 'kill source QEMU' ? source : target, ['cat', `/run/qemu-server/${cluster.guest(guest).vmid}.pid`]);
      return done;
    case 'kill ssh':
      await killInNode(lab, source, ['pgrep', '-f', '^ssh .*-L ']);
      return done;
    case 'crash source':
    case 'crash target':
      return crash(lab, fault === 'crash source' ? source : target);
    case 'freeze source':
    case 'freeze target':
      return freeze(lab, fault === 'freeze source' ? source : target);
    case 'cut migration network':
      return cut(lab, [[target, 'mig']]);
    case 'cut management network of source':
      return cut(lab, [[source, 'mgmt']]);
    case 'cut management network of target':
      return cut(lab, [[target, 'mgmt']]);
    case 'cut both networks':
      return cut(lab, [[source, 'mig'], [source, 'mgmt']]);
    case 'cluster read-only on source':
    case 'cluster read-only on target':
      return readOnly(lab, fault === 'cluster read-only on source' ? source : target);
    case 'lose answers':
      await lab.loss(target, 'mig', 100, 'sent');
      return lasts(PASSES_MS, () => lab.loss(target, 'mig', 0));
    case 'fill disk of target':
      return cluster.setup === 'standing still' ? fillSmall(lab, target) : fill(lab, target);
    case 'restart agents':
      for (const node of [source, target]) await lab.agent(node, 'stop');
      for (const node of [source, target]) await lab.agent(node, 'start');
      return done;
    case 'terminate':
      await migration.terminate();
      return done;
    case 'reset':
      await migration.reset();
      return done;
    case 'cancel':
      await migration.cancel();
      return done;
    case 'kill':
    case 'error':
      return done;
  }
}

async function crash(lab: Lab, node: NodeName): Promise<Inflicted> {
  await lab.crash(node);
  return lasts(3000, () => lab.boot(node));
}

async function freeze(lab: Lab, node: NodeName): Promise<Inflicted> {
  await lab.freeze(node);
  return lasts(PASSES_MS, () => lab.thaw(node));
}

async function cut(lab: Lab, cables: readonly (readonly [NodeName, 'mig' | 'mgmt'])[]): Promise<Inflicted> {
  for (const [node, network] of cables) await lab.loss(node, network, 100);
  return lasts(PASSES_MS, async () => {
    for (const [node, network] of cables) await lab.loss(node, network, 0);
  });
}

async function readOnly(lab: Lab, node: NodeName): Promise<Inflicted> {
  await lab.readonly(node, true);
  return lasts(8000, () => lab.readonly(node, false));
}

/** A file system of its own with hardly any room, in the place of the node's storage. */
async function fill(lab: Lab, node: NodeName): Promise<Inflicted> {
  const path = `${lab.dir}/mnt/local`;
  await must(lab, node, ['mount', '-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', path]);
  return lasts(Infinity, async () => {
    const { stdout } = await lab.exec(node, ['find', path, '-type', 'f']);
    await must(lab, node, ['umount', path]);
    if (stdout.trim() !== '') throw new Error(`left on the full storage of ${node}: ${stdout.trim()}`);
  });
}

async function fillSmall(lab: Lab, node: NodeName): Promise<Inflicted> {
  await lab.storages.full(node, SMALL_STORAGE);
  return lasts(Infinity, () => lab.storages.free(node, SMALL_STORAGE));
}

/** Kills the process whose pid `ask` prints inside the node. */
async function killInNode(lab: Lab, node: NodeName, ask: readonly string[]): Promise<void> {
  const pids = (await lab.exec(node, ask)).stdout.split('\n').filter(Boolean);
  if (pids.length === 0) throw new Error(`${ask.join(' ')} on ${node}: no such process`);
  await must(lab, node, ['kill', '-9', ...pids]);
  // A killed process is gone when its children are no longer found.
  while ((await lab.exec(node, ['kill', '-0', ...pids])).exitCode === 0) await sleep(20);
}

async function must(lab: Lab, node: NodeName, argv: readonly string[]): Promise<void> {
  const { exitCode, stderr } = await lab.exec(node, argv);
  if (exitCode !== 0) throw new Error(`${argv.join(' ')} on ${node}: exit ${exitCode}: ${stderr}`);
}
