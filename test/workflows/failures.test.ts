import type { Fault } from '../fakes/faults.js';
import { describeTable, type Row } from '../fakes/table.js';

jest.setTimeout(60_000);

/** What leads to the activity, and how the migration ends when it fails before, or after, its effect. */
type Case = readonly [activity: string, before: Row['outcome'], after: Row['outcome'], way?: readonly Fault[]];

const rollback: Fault = { activity: 'source.syncDisks', when: 'before' };
const doubt: Fault = { activity: 'source.precopy', when: 'after', visit: 3 };
const sourceMute: Fault = { activity: 'source.decideAborted', when: 'before' };
const targetMute: Fault = { activity: 'target.decideAborted', when: 'before' };

const onTheWay: readonly Case[] = [
  ['cluster.openRequest', 'no report', 'no report'],
  ['source.inspectSource', 'refused', 'refused'],
  ['target.inspectTarget', 'refused', 'refused'],
  ['cluster.lockGuest', 'rolled-back', 'rolled-back'],
  ['source.prepareSource', 'rolled-back', 'rolled-back'],
  ['target.reserveTarget', 'rolled-back', 'rolled-back'],
  ['target.armTarget', 'rolled-back', 'migrated'],
  ['source.syncDisks', 'rolled-back', 'rolled-back'],
  ['source.precopy', 'rolled-back', 'rolled-back'],
  ['source.switchover', 'migrated', 'migrated'],
  ['target.verifyRunning', 'migrated', 'migrated'],
  ['source.cleanupSource', 'migrated', 'migrated'],
  ['target.cleanupTarget', 'migrated', 'migrated'],
  ['cluster.endEpoch', 'migrated', 'migrated'],
];
const goingBack: readonly Case[] = [
  ['source.decideAborted', 'rolled-back', 'rolled-back', [rollback]],
  ['target.decideAborted', 'rolled-back', 'rolled-back', [rollback, sourceMute]],
  ['cluster.decideAborted', 'rolled-back', 'rolled-back', [rollback, sourceMute, targetMute]],
  ['source.rollbackSource', 'rolled-back', 'rolled-back', [rollback]],
  ['target.releaseReservation', 'rolled-back', 'rolled-back', [rollback]],
  ['cluster.unlockGuest', 'rolled-back', 'rolled-back', [rollback]],
  ['cluster.forgetEpoch', 'rolled-back', 'rolled-back', [rollback]],
];
const inDoubt: readonly Case[] = [
  ['cluster.readDecision', 'migrated', 'migrated', [doubt]],
  ['source.resolveSource', 'migrated', 'migrated', [doubt]],
  ['target.resolveTarget', 'migrated', 'migrated', [doubt]],
  ['target.finishCommit', 'migrated', 'migrated', [doubt]],
];

const rows = (cases: readonly Case[]): Row[] =>
  cases.flatMap(([activity, before, after, way = []]) => [
    { title: `${activity} fails before its effect: ${before}`, outcome: before, faults: [...way, { activity, when: 'before' }] },
    { title: `${activity} fails after its effect: ${after}`, outcome: after, faults: [...way, { activity, when: 'after' }] },
  ]);

describeTable('whatever fails, the guest runs once and nothing is left', [...rows(onTheWay), ...rows(goingBack), ...rows(inDoubt)]);
