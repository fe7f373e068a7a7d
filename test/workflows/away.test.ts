import type { Fault } from '../fakes/faults.js';
import { SHORT } from '../fakes/scenario.js';
import { describeTable, type Row } from '../fakes/table.js';

jest.setTimeout(90_000);

const rollback: Fault = { activity: 'source.syncDisks', when: 'before' };
const sourceMute: Fault = { activity: 'source.decideAborted', when: 'before' };
const doubt: Fault = { activity: 'source.precopy', when: 'after', visit: 3 };

const cases: readonly (readonly [activity: string, outcome: Row['outcome'], way?: readonly Fault[]])[] = [
  ['source.inspectSource', 'refused'],
  ['target.inspectTarget', 'refused'],
  ['source.prepareSource', 'rolled-back'],
  ['target.reserveTarget', 'rolled-back'],
  ['target.armTarget', 'rolled-back'],
  ['source.syncDisks', 'rolled-back'],
  ['source.precopy', 'rolled-back'],
  ['source.switchover', 'migrated'],
  ['target.verifyRunning', 'migrated'],
  ['source.cleanupSource', 'migrated'],
  ['target.cleanupTarget', 'migrated'],
  ['source.decideAborted', 'rolled-back', [rollback]],
  ['target.decideAborted', 'rolled-back', [rollback, sourceMute]],
  ['source.rollbackSource', 'rolled-back', [rollback]],
  ['target.releaseReservation', 'rolled-back', [rollback]],
  ['source.resolveSource', 'migrated', [doubt]],
  ['target.resolveTarget', 'migrated', [doubt]],
  ['target.finishCommit', 'migrated', [doubt]],
];

describeTable('whichever agent goes away, the guest runs once, and nothing is left when the agent is back', cases.map(([activity, outcome, way = []]) => ({
  title: `the agent goes away in ${activity}: ${outcome}`,
  outcome,
  timings: SHORT,
  faults: [...way, { activity, when: 'away' as const }],
})));
