import type { LiveFailpointName as FailpointName } from '../../domain/failpoints.js';

/** How far a migration has come: what may still happen to it depends on this alone. */
export type Stage = 'before' | 'switching' | 'completed' | 'committed' | 'going back';

export type Owner = 'source' | 'target' | 'either';
/** `same`: it never stopped being the same machine. `ended`: the fault itself took it, somebody starts it again. */
export type Guest = 'same' | 'ended';

export interface Expected {
  readonly owner: Owner;
  readonly guest: Guest;
  /** A machine so busy that the agent is not back while a step waits for it: then it goes back, and says that the agent is away. */
  readonly unlessAway?: true;
}

export interface Fault {
  /** For people. */
  readonly title: string;
  /** Where the migration is held when it strikes. */
  readonly at: readonly FailpointName[];
  expected(stage: Stage, at: FailpointName): Expected;
}

const RESERVED = 'target.listening.after';
const MIRRORING = 'source.mirror.after';
const COPYING = 'source.migrate.after';
const STILL = 'source.pre-switchover.after';
const SENT = 'source.completed.after';
const HANDED_OVER = 'source.handed-over.after';
const TOLD = 'target.handover.after';
const COMMITTED = 'target.committed.after';
const RUNNING = 'target.cont.after';
const CLEANING = 'source.cleanup.stopped.after';
const BACK = 'source.rollback.running.after';
const FREEING = 'target.release.before';

const to = (owner: Owner, guest: Guest = 'same'): Expected => ({ owner, guest });
/** A step waits some seconds for an agent that was killed. */
const onceAgentIsBack = (stage: 'before' | 'switching' | 'completed'): Expected => (stage === 'before' ? { ...to('target'), unlessAway: true } : to('target'));

/** After the commit only forward, on the way back only back; what happens before depends on the fault. */
const unlessDecided = (earlier: (stage: 'before' | 'switching' | 'completed') => Expected) => (stage: Stage): Expected => {
  if (stage === 'committed') return to('target');
  return stage === 'going back' ? to('source') : earlier(stage);
};

/** It passes, and then the migration goes on or goes back. */
const passes = unlessDecided(() => to('either'));

/** The target's copy is gone. A reservation that has not been told of is made once more. */
const lostTarget = (stage: Stage, at: FailpointName): Expected => {
  if (stage === 'committed') return to('target', 'ended');
  return at === RESERVED ? to('either') : to('source');
};

/** Every fault the matrix knows, by name. How it is done: `inflict.ts`. */
export const FAULTS = {
  'nothing': { title: 'nothing happens', at: ['source.connect.after'], expected: () => to('target') },
  'kill source agent': {
    title: 'source agent killed', at: [RESERVED, TOLD, COMMITTED, RUNNING, FREEING],
    expected: unlessDecided((stage) => (stage === 'switching' ? to('source') : onceAgentIsBack(stage))),
  },
  'kill target agent': {
    title: 'target agent killed', at: [MIRRORING, COPYING, STILL, SENT, HANDED_OVER, CLEANING, BACK],
    expected: unlessDecided((stage) => (stage === 'switching' ? to('either') : onceAgentIsBack(stage))),
  },
  'kill control worker': {
    title: 'control worker killed', at: [RESERVED, MIRRORING, COPYING, STILL, TOLD, COMMITTED, CLEANING, BACK],
    expected: unlessDecided(() => to('target')),
  },
  'kill Temporal': {
    title: 'Temporal server killed, back after 3 s', at: [RESERVED, COPYING, STILL, TOLD, COMMITTED, CLEANING, BACK],
    expected: unlessDecided(() => to('target')),
  },
  'kill source QEMU': {
    title: 'source QEMU killed', at: [RESERVED, MIRRORING, COPYING, STILL, HANDED_OVER, TOLD, COMMITTED, BACK],
    expected: (stage) => (stage === 'completed' || stage === 'committed' ? to('target') : to('source', 'ended')),
  },
  'kill target QEMU': {
    title: 'target QEMU killed', at: [RESERVED, MIRRORING, COPYING, STILL, HANDED_OVER, TOLD, COMMITTED, FREEING],
    expected: lostTarget,
  },
  'kill ssh': {
    title: 'ssh child killed', at: [MIRRORING, COPYING, STILL, HANDED_OVER, COMMITTED],
    expected: unlessDecided((stage) => (stage === 'before' ? to('source') : stage === 'completed' ? to('target') : to('either'))),
  },
  'crash source': {
    title: 'source node loses power, boots again', at: [RESERVED, COPYING, STILL, HANDED_OVER, COMMITTED, BACK],
    expected: (stage) => (stage === 'completed' || stage === 'committed' ? to('target') : to('source', 'ended')),
  },
  'crash target': {
    title: 'target node loses power, boots again', at: [RESERVED, COPYING, STILL, HANDED_OVER, TOLD, COMMITTED, FREEING],
    expected: lostTarget,
  },
  'freeze source': { title: 'source node hangs 12 s', at: [COPYING, STILL, HANDED_OVER, COMMITTED, BACK], expected: passes },
  'freeze target': { title: 'target node hangs 12 s', at: [RESERVED, COPYING, STILL, HANDED_OVER, COMMITTED, RUNNING], expected: passes },
  'cut migration network': { title: 'migration network silent 12 s', at: [RESERVED, MIRRORING, COPYING, STILL, HANDED_OVER, TOLD, COMMITTED], expected: passes },
  'cut management network of source': { title: 'management network of the source silent 12 s', at: [COPYING, STILL, HANDED_OVER, CLEANING, BACK], expected: passes },
  'cut management network of target': { title: 'management network of the target silent 12 s', at: [RESERVED, COPYING, TOLD, COMMITTED], expected: passes },
  'cut both networks': { title: 'both networks of the source silent 12 s', at: [COPYING, STILL, HANDED_OVER, COMMITTED], expected: passes },
  'cluster read-only on source': { title: 'cluster file system read-only on the source 8 s', at: [COPYING, STILL, SENT, CLEANING, BACK], expected: passes },
  'cluster read-only on target': { title: 'cluster file system read-only on the target 8 s', at: [RESERVED, COPYING, STILL, TOLD, RUNNING], expected: passes },
  'lose answers': { title: 'nothing of the target arrives any more for 12 s', at: [TOLD, RUNNING], expected: unlessDecided(() => to('either')) },
  'fill disk of target': { title: 'storage of the target full', at: ['target.volume.before'], expected: () => to('source') },
  'restart agents': {
    title: 'agents of both nodes stopped and started, as for a new version', at: [MIRRORING, COPYING, HANDED_OVER, COMMITTED, CLEANING, BACK], expected: passes,
  },
  'terminate': { title: 'workflow terminated by hand', at: [MIRRORING, COPYING, HANDED_OVER, COMMITTED, CLEANING, BACK], expected: passes },
  'reset': { title: 'workflow reset to its beginning', at: [MIRRORING, COPYING, HANDED_OVER, COMMITTED, CLEANING, BACK], expected: passes },
  'cancel': {
    title: 'cancelled', at: [RESERVED, MIRRORING, COPYING, STILL, SENT, TOLD, COMMITTED, CLEANING],
    expected: unlessDecided((stage) => (stage === 'before' ? to('source') : to('either'))),
  },
} as const satisfies Readonly<Record<string, Fault>>;

export type FaultName = keyof typeof FAULTS;

/** The fault that `kill` is, by the process that comes by. */
export const OWN_KILL = { 'source agent': 'kill source agent', 'target agent': 'kill target agent', 'control worker': 'kill control worker' } as const;
