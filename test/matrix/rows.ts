import { FAILPOINTS, type Failpoint, type LiveFailpointName as FailpointName } from '../../domain/failpoints.js';
import { coldRows } from './cold-rows.js';
import { FAULTS, OWN_KILL, type Expected, type Fault, type FaultName, type Stage } from './faults.js';
import type { Prelude, Row } from './row.js';

/** For `make matrix-cut`: every fault and every phase once. */
const CUT: readonly string[] = [
  'source.connect.after: nothing, shared disks',
  'source.handed-over.after: kill',
  'source.synced.after: error',
  'target.committed.after: kill source agent',
  'source.completed.after: kill target agent',
  'target.handover.after: kill control worker',
  'source.cleanup.stopped.after: kill Temporal',
  'source.handed-over.after: kill source QEMU',
  'target.release.before: kill target QEMU',
  'source.mirror.after: kill ssh',
  'source.handed-over.after: crash source',
  'source.pre-switchover.after: crash target',
  'source.handed-over.after: freeze source',
  'target.cont.after: freeze target',
  'target.handover.after: cut migration network',
  'source.migrate.after: cut management network of source',
  'target.committed.after: cut management network of target',
  'source.pre-switchover.after: cut both networks',
  'source.migrate.after: cluster read-only on source',
  'target.handover.after: cluster read-only on target',
  'target.handover.after: lose answers, shared disks',
  'target.volume.before: fill disk of target',
  'source.mirror.after: cancel',
  'source.migrate.after: restart agents',
  'source.migrate.after: terminate',
  'source.handed-over.after: reset',
  'target.finish-commit.before: kill',
  'source.abort.before: kill',
];

/** Every row, in the order of the failpoints: live migrations, then guests that stand still while they move. */
export function allRows(): readonly Row[] {
  const live = FAILPOINTS.flatMap((point) => [
    row(point, 'kill'),
    ...(point.name.endsWith('.before') || FAILS_TOO.includes(point.name) ? [row(point, 'error')] : []),
    ...faultsAt(point.name).flatMap((fault) => (BOTH_DISKS.includes(fault) ? [row(point, fault, 'shared'), row(point, fault, 'local')] : [row(point, fault)])),
  ]);
  return [...live, ...coldRows()];
}

const faultsAt = (name: FailpointName): readonly FaultName[] =>
  (Object.entries(FAULTS) as [FaultName, Fault][]).filter(([, fault]) => fault.at.includes(name)).map(([fault]) => fault);

const BOTH_DISKS: readonly Row['fault'][] = ['nothing', 'lose answers'];
const FAILS_TOO: readonly FailpointName[] = ['source.synced.after', 'source.pre-switchover.after', 'source.completed.after', 'target.token.after', 'target.config-moved.after'];

function row(point: Failpoint & { readonly name: FailpointName }, fault: Row['fault'], disks = disksOf(point)): Row {
  const stage = stageOf(point.name);
  const name = `${point.name}: ${fault}${BOTH_DISKS.includes(fault) ? `, ${disks} disks` : ''}`;
  return {
    name, phase: point.phase, at: point.name, fault, preludes: preludesOf(point), guest: 'live VM', setup: `${disks} disks`,
    transport: point.on === 'tls or insecure' ? 'tls' : 'secure',
    expected: expectedOf(point, fault, stage),
    cut: CUT.includes(name),
  };
}

const disksOf = (point: Failpoint): 'local' | 'shared' => (point.on === 'local disks' || point.name.endsWith('freed.after') || point.name.endsWith('mirrors.after') ? 'local' : 'shared');

/** How a migration is brought to a place that a good one does not pass. */
function preludesOf({ on, where }: Failpoint): readonly Prelude[] {
  switch (on) {
    case 'going back':
      return [{ at: 'source.migrate.after', action: 'cancel' }];
    case 'an undecided end':
      return [{ at: 'source.migrate.after', action: 'cancel' }, { at: 'source.abort.before', action: 'error' }];
    case 'a lost answer':
      return [{ at: 'source.switched.after', action: 'error' }];
    case 'an agent that starts again':
      return [{ at: where === 'source agent' ? 'source.handed-over.after' : 'target.committed.after', action: 'kill' }];
    default:
      return [];
  }
}

function stageOf(name: FailpointName): Stage {
  const order = FAILPOINTS.filter((point) => point.where !== 'control worker').map((point) => point.name);
  if (['cluster.lock.before', 'cluster.lock.after'].includes(name)) return 'before';
  if (name.startsWith('cluster.')) return 'committed';
  if (/\.(abort|rollback|release)\./.test(name)) return 'going back';
  if (/\.recover\./.test(name)) return name.startsWith('source') ? 'completed' : 'committed';
  const at = order.indexOf(name);
  const within = (first: FailpointName, last: FailpointName): boolean => at >= order.indexOf(first) && at <= order.indexOf(last);
  if (within('source.pre-switchover.after', 'source.mirrors-finished.after')) return 'switching';
  if (within('source.completed.after', 'source.handover-sent.after') || within('target.handover.after', 'target.commit.before')) return 'completed';
  if (within('source.answered.after', 'source.cleanup.closed.after') || within('target.committed.after', 'target.cleanup.closed.after')) return 'committed';
  return 'before';
}

function expectedOf(point: Failpoint & { readonly name: FailpointName }, fault: Row['fault'], stage: Stage): Expected {
  // Not decided yet: an agent that is away for seconds may find the switch made when it is back.
  if (point.name.endsWith('abort.before')) return { owner: 'either', guest: 'same' };
  if (fault === 'kill') return FAULTS[OWN_KILL[point.where]].expected(stage);
  if (fault !== 'error') return FAULTS[fault].expected(stage, point.name);
  const settled = stage === 'committed' ? 'target' : stage === 'going back' || stage === 'before' ? 'source' : 'either';
  return { owner: settled, guest: 'same' };
}
