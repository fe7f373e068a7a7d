import { ALL_FAILPOINTS, COLD_FAILPOINTS, type Failpoint, type FailpointName } from '../../domain/failpoints.js';
import type { GuestName } from './cluster.js';
import { OWN_KILL, type Expected, type FaultName } from './faults.js';
import type { Prelude, Row } from './row.js';

/** How far a move has come in which the guest stands still. */
type ColdStage = 'before' | 'down' | 'handed over' | 'committed' | 'going back' | 'given back';

const COPYING = 'cold.source.copy.before';
const COPIED = 'cold.source.copied.before';
const DOWN = 'cold.source.stop.after';
const PROVED = 'cold.source.verified.after';
const HANDED_OVER = 'source.handed-over.after';
const TOLD = 'cold.target.commit.before';
const COMMITTED = 'cold.target.committed.after';
const STARTED = 'cold.target.start.after';
const CLEANING = 'cold.source.cleanup.before';
const BACK = 'cold.source.restart.after';
const RETURNED = 'cold.target.return.config.after';

/** What strikes while a container is there. Every cold failpoint is also one of a process that is killed. */
const CONTAINER: Readonly<Partial<Record<FaultName, readonly FailpointName[]>>> = {
  'nothing': [COPYING],
  'kill source agent': [TOLD, COMMITTED, STARTED],
  'kill target agent': [COPYING, DOWN, HANDED_OVER, CLEANING, BACK],
  'kill control worker': [DOWN, COMMITTED, BACK],
  'kill Temporal': [COPYING, DOWN, COMMITTED],
  'kill ssh': [COPYING, PROVED, HANDED_OVER, COMMITTED],
  'crash source': [COPYING, DOWN, HANDED_OVER, COMMITTED],
  'crash target': [COPYING, HANDED_OVER, COMMITTED, STARTED],
  'freeze source': [DOWN, HANDED_OVER],
  'freeze target': [COPYING, TOLD, STARTED],
  'cut migration network': [COPYING, DOWN, COMMITTED],
  'cut management network of source': [DOWN, HANDED_OVER],
  'cut management network of target': [COMMITTED],
  'cut both networks': [HANDED_OVER],
  'cluster read-only on source': [DOWN],
  'cluster read-only on target': [TOLD, RETURNED],
  'lose answers': [TOLD, STARTED],
  'fill disk of target': [COPYING, DOWN],
  'restart agents': [COPYING, DOWN, COMMITTED],
  'terminate': [COPYING, DOWN, COMMITTED, CLEANING],
  'reset': [COPYING, HANDED_OVER, COMMITTED],
  'cancel': [COPYING, DOWN, TOLD, COMMITTED],
};

/** A stopped VM comes by the same code with nothing to stop and to start. */
const STOPPED_VM: Readonly<Partial<Record<FaultName | 'kill', readonly FailpointName[]>>> = {
  'nothing': [COPYING],
  'kill': ['cold.target.volume.after', COPIED, 'cold.target.whole.after', HANDED_OVER, COMMITTED, 'cold.source.cleanup.freed.after'],
  'crash source': [HANDED_OVER],
  'crash target': [COPYING],
  'freeze target': [TOLD],
  'cut migration network': [COPYING],
  'terminate': [COPYING],
  'cancel': [COPYING, PROVED],
};

const FAILS: readonly FailpointName[] = [
  'cold.target.token.before', COPIED, 'cold.source.stop.before', PROVED, TOLD, 'cold.target.start.before', STARTED, 'cold.source.rollback.before', 'cold.target.release.before', CLEANING,
];

/** In the order of the failpoints. */
export function coldRows(): readonly Row[] {
  const own = new Set<string>(COLD_FAILPOINTS.map(({ name }) => name));
  const shared = ALL_FAILPOINTS.filter(({ name }) => !own.has(name) && (name === HANDED_OVER || name === 'source.handover-sent.after' || name === 'source.answered.after'));
  return [...shared, ...COLD_FAILPOINTS].flatMap((point) => [
    row(point, 'kill', 'container'),
    ...(FAILS.includes(point.name) ? [row(point, 'error', 'container')] : []),
    ...at(CONTAINER, point.name).map((fault) => row(point, fault, 'container')),
    ...at(STOPPED_VM, point.name).map((fault) => row(point, fault, 'stopped VM')),
  ]);
}

const at = <F extends Row['fault']>(faults: Readonly<Partial<Record<F, readonly FailpointName[]>>>, name: FailpointName): readonly F[] =>
  (Object.entries(faults) as [F, readonly FailpointName[]][]).filter(([, places]) => places.includes(name)).map(([fault]) => fault);

type Point = Failpoint & { readonly name: FailpointName };

const row = (point: Point, fault: Row['fault'], guest: GuestName): Row => ({
  name: `${guest}, ${point.name}: ${fault}`, phase: point.phase, at: point.name, fault, guest, setup: 'standing still', transport: 'secure', cut: false,
  preludes: preludesOf(point), expected: expectedOf(point, fault),
});

/** How a move is brought to a place that a good one does not pass. */
function preludesOf({ on, where, name }: Point): readonly Prelude[] {
  if (/return/.test(name)) return [{ at: STARTED, action: 'error' }];
  if (on === 'going back') return [{ at: PROVED, action: 'error' }];
  if (on === 'an agent that starts again') return [{ at: where === 'source agent' ? DOWN : COMMITTED, action: 'kill' }];
  return [];
}

function stageOf(name: FailpointName): ColdStage {
  if (/return/.test(name)) return 'given back';
  if (/\.(restart|rollback|release)\./.test(name) || name === 'cold.source.recover.before') return 'going back';
  if (/\.(stop|verified|whole)\./.test(name)) return 'down';
  if (/handed-over|handover|commit\.before/.test(name)) return 'handed over';
  if (/target\.(committed|config-moved|start|answer|cleanup|recover)|answered|cleanup/.test(name)) return 'committed';
  return 'before';
}

const to = (owner: Expected['owner'], guest: Expected['guest'] = 'same'): Expected => ({ owner, guest });

function expectedOf({ name, where }: Point, fault: Row['fault']): Expected {
  const stage = stageOf(name);
  if (stage === 'given back' || stage === 'going back') return to('source');
  // Whatever keeps it from coming up on the target gives it back; nothing else does after the commit.
  if (fault === 'error' && /target\.start/.test(name)) return to('source');
  if (stage === 'committed') return to('target');
  switch (fault === 'kill' ? OWN_KILL[where] : fault) {
    case 'nothing':
    case 'kill control worker':
    case 'kill Temporal':
      return to('target');
    case 'kill source agent':
      return to(stage === 'down' ? 'source' : 'target');
    case 'kill target agent':
      return to(stage === 'handed over' ? 'target' : 'either');
    case 'crash source':
      return stage === 'before' ? to('either', 'ended') : to(stage === 'down' ? 'source' : 'target');
    case 'fill disk of target':
      return to('source');
    case 'cancel':
      // It is let go as soon as the word is given: that may be before the agent has heard it.
      return to(stage === 'before' ? 'source' : 'either');
    case 'error':
      return to(stage === 'handed over' ? 'target' : stage === 'down' ? 'source' : 'either');
    default:
      return to('either');
  }
}
