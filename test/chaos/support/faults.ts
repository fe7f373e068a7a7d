import { setTimeout as sleep } from 'node:timers/promises';
import { EXIT, LabError } from '../../../lab/errors.js';
import type { Lab } from '../../../lab/lab.js';
import { nodeStatus } from '../../../lab/node.js';
import type { DrawnFault, FaultKind } from './draw.js';

/** The move that a fault hits. */
export interface Move {
  readonly vmid: number;
  readonly source: string;
  readonly target: string;
  cancel(): Promise<void>;
}

/**
 * Does what the fault says and takes it back after its time. `false`: it could not be done at that moment, e.g. because
 * another fault has taken the node down.
 */
export async function inject(lab: Lab, move: Move, { kind, lastsMs }: DrawnFault): Promise<boolean> {
  try {
    await ACTS[kind](lab, move, lastsMs);
    return true;
  } catch (error) {
    if (error instanceof LabError && (error.exitCode === EXIT.notThere || /readonly|PVE root/.test(error.message))) return false;
    throw error;
  }
}

/** Faults after which a guest may rightly be gone: its own QEMU, or the node it lived on, was the victim. */
export const MAY_KILL_GUESTS: readonly FaultKind[] = ['kill target QEMU', 'crash target node'];

/** Slow enough that a migration is long and the faults hit it. */
export const CHAOS_RATE = '160mbit';

export async function slowDown(lab: Lab): Promise<void> {
  for (const node of lab.nodes) await lab.slow(node, 'mig', CHAOS_RATE);
}

/** Everything works again, whatever the faults left behind. */
export async function healAll(lab: Lab): Promise<void> {
  for (const node of lab.nodes) {
    if (nodeStatus(lab.layout, lab.state, node) === 'frozen') await lab.thaw(node);
    if (nodeStatus(lab.layout, lab.state, node) === 'down') await lab.boot(node);
    for (const network of ['mig', 'mgmt'] as const) await lab.loss(node, network, 0);
    await lab.slow(node, 'mig', 'off');
    await lab.readonly(node, false);
    await lab.agent(node, 'start');
  }
  await lab.temporal('start');
  await lab.control('start');
}

type Act = (lab: Lab, move: Move, lastsMs: number) => Promise<unknown>;

const ACTS: Record<FaultKind, Act> = {
  'kill source agent': (lab, { source }) => lab.agent(source, 'kill'),
  'kill target agent': (lab, { target }) => lab.agent(target, 'kill'),
  'kill control worker': (lab) => lab.control('kill'),
  'kill Temporal': (lab, _move, lastsMs) => during(lastsMs / 4, () => lab.temporal('kill'), () => lab.temporal('start')),
  'kill ssh child': (lab, { source }) => lab.exec(source, ['pkill', '-9', '-o', '-f', '^ssh .*-L ']),
  'kill target QEMU': (lab, { vmid, target }) => lab.exec(target, ['pkill', '-9', '-f', `^qemu-system.*-pidfile /run/qemu-server/${vmid}[.]pid.*-incoming`]),
  'freeze source node': (lab, { source }, lastsMs) => during(lastsMs, () => lab.freeze(source), () => lab.thaw(source)),
  'freeze target node': (lab, { target }, lastsMs) => during(lastsMs, () => lab.freeze(target), () => lab.thaw(target)),
  'cut migration network': (lab, { target }, lastsMs) => cut(lab, target, ['mig'], lastsMs),
  'cut management network': (lab, { target }, lastsMs) => cut(lab, target, ['mgmt'], lastsMs),
  'cut both networks': (lab, { source }, lastsMs) => cut(lab, source, ['mig', 'mgmt'], lastsMs),
  'cluster files read-only': (lab, { source }, lastsMs) => during(lastsMs / 2, () => lab.readonly(source, true), () => lab.readonly(source, false)),
  'slow migration network': (lab, { source }, lastsMs) => during(lastsMs, () => lab.slow(source, 'mig', '40mbit'), () => lab.slow(source, 'mig', CHAOS_RATE)),
  cancel: (_lab, { cancel }) => cancel(),
  'stop target agent': (lab, { target }, lastsMs) => during(lastsMs, () => lab.agent(target, 'stop'), () => lab.agent(target, 'start')),
  'crash target node': (lab, { target }, lastsMs) => during(lastsMs, () => lab.crash(target), () => lab.boot(target)),
};

async function during(lastsMs: number, begin: () => Promise<void>, end: () => Promise<void>): Promise<void> {
  await begin();
  await sleep(lastsMs);
  await end();
}

const cut = (lab: Lab, node: string, networks: readonly ('mig' | 'mgmt')[], lastsMs: number): Promise<void> => during(
  lastsMs,
  async () => { for (const network of networks) await lab.loss(node, network, 100); },
  async () => { for (const network of networks) await lab.loss(node, network, 0); },
);
