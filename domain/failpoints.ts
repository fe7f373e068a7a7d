import type { Phase } from './contracts/phase.js';

/** Which migrations come by: all that succeed, or only those in which something else is so. */
export type FailpointOn = 'every migration' | 'local disks' | 'tls or insecure' | 'going back' | 'an undecided end' | 'a lost answer' | 'an agent that starts again';

export interface Failpoint {
  readonly name: string;
  /** The process that stops there. */
  readonly where: 'source agent' | 'target agent' | 'control worker';
  readonly phase: Phase;
  readonly on: FailpointOn;
  /** What has just been done, or is about to be done. */
  readonly what: string;
}

type Row = readonly [name: string, phase: Phase, what: string, on?: FailpointOn];

const at = <R extends Row>(where: Failpoint['where'], rows: readonly R[]): readonly (Failpoint & { readonly name: R[0] })[] =>
  rows.map(([name, phase, what, on = 'every migration']) => ({ name, where, phase, on, what }));

/**
 * Every place where a process may be made to stop, in the order a migration comes by: before and after each side effect.
 * In the code it is one call `failpoint('<name>')` each (`hypervisor/failpoint.ts`); tests and docs/failure-matrix.md are made from this list.
 */
const CONTROL = at('control worker', [
  ['cluster.lock.before', 'reserving', 'before the guest is locked'],
  ['cluster.lock.after', 'reserving', 'the guest is locked, nobody has been told'],
  ['cluster.unlock.before', 'cleanup', 'before the lock is released'],
  ['cluster.unlock.after', 'cleanup', 'the lock is released, nobody has been told'],
  ['cluster.forget.before', 'cleanup', 'before token and secret are removed'],
  ['cluster.forget.after', 'cleanup', 'token and secret are removed, nobody has been told'],
] as const);

const SOURCE = at('source agent', [
  ['source.journal.before', 'reserving', 'before the journal of this migration is opened'],
  ['source.journal.after', 'reserving', 'the journal is open, nothing else has been done'],
  ['source.connect.after', 'reserving', 'QMP, ssh connection and tunnel are open'],
  ['source.channels.before', 'reserving', 'the endpoints are in the journal, before the channels are opened'],
  ['source.channels.after', 'reserving', 'the channels are open'],
  ['source.mirrors.before', 'diskSync', 'the journal says mirroring, before the first mirror', 'local disks'],
  ['source.mirror.before', 'diskSync', 'the NBD node is in QEMU, before its mirror is started', 'local disks'],
  ['source.mirror.after', 'diskSync', 'a mirror has been started', 'local disks'],
  ['source.synced.after', 'diskSync', 'every mirror is ready and writes through', 'local disks'],
  ['source.mirrored.after', 'diskSync', 'the journal says mirrored, nobody has been told', 'local disks'],
  ['source.migrate.before', 'precopy', 'the journal says migrating, before QEMU is told'],
  ['source.migrate.after', 'precopy', 'QEMU sends memory'],
  ['source.round.after', 'precopy', 'a round is over, its figures are about to be told'],
  ['source.pre-switchover.after', 'switchover', 'the guest stands still, before anything else is done'],
  ['source.mirrors-finished.after', 'switchover', 'the mirrors are finished, before QEMU goes on'],
  ['source.completed.after', 'switchover', 'QEMU has sent everything, before the journal says so'],
  ['source.handed-over.after', 'switchover', 'the journal says handed over, before HANDOVER is sent'],
  ['source.handover-sent.after', 'switchover', 'HANDOVER is sent, before the answer is read'],
  ['source.answered.after', 'switchover', 'the target said COMMITTED, nobody has been told'],
  ['source.switched.after', 'switchover', 'the result of the switch is about to be told'],
  ['source.cleanup.before', 'cleanup', 'before the old QEMU is ended'],
  ['source.cleanup.stopped.after', 'cleanup', 'the old QEMU is gone, before its disks are freed'],
  ['source.cleanup.freed.after', 'cleanup', 'a disk that moved is freed', 'local disks'],
  ['source.cleanup.run-dir.after', 'cleanup', 'tunnel and sockets are gone, before the journal is closed'],
  ['source.cleanup.closed.after', 'cleanup', 'the journal is closed, nobody has been told'],
  ['source.abort.before', 'deciding', 'before the token is renamed to aborted', 'going back'],
  ['source.abort.after', 'deciding', 'the token says aborted, nobody has been told', 'going back'],
  ['source.rollback.before', 'rollingBack', 'before anything is undone', 'going back'],
  ['source.rollback.cancelled.after', 'rollingBack', 'QEMU has cancelled the stream', 'going back'],
  ['source.rollback.running.after', 'rollingBack', 'the guest runs on the source', 'going back'],
  ['source.rollback.mirrors.after', 'rollingBack', 'the mirrors are gone', 'going back'],
  ['source.rollback.run-dir.after', 'rollingBack', 'tunnel and sockets are gone, before the journal is closed', 'going back'],
  ['source.rollback.closed.after', 'rollingBack', 'the journal is closed, nobody has been told', 'going back'],
  ['source.recover.before', 'switchover', 'an agent that starts again has read its journal, before it goes back on duty', 'an agent that starts again'],
  ['source.recover.after', 'switchover', 'it is back on duty, before it takes tasks', 'an agent that starts again'],
] as const);

const TARGET = at('target agent', [
  ['target.journal.before', 'reserving', 'before the journal of this migration is opened'],
  ['target.journal.after', 'reserving', 'the journal is open, nothing else has been done'],
  ['target.volume.before', 'reserving', 'a volume is in the journal, before it is made', 'local disks'],
  ['target.volume.after', 'reserving', 'a volume is made', 'local disks'],
  ['target.secret.after', 'reserving', 'the secret is made', 'tls or insecure'],
  ['target.incoming.before', 'reserving', 'the journal says incoming, before QEMU is started'],
  ['target.incoming.after', 'reserving', 'QEMU waits for its state, it listens nowhere'],
  ['target.listening.after', 'reserving', 'QEMU listens for disks and memory'],
  ['target.token.before', 'reserving', 'before the commit token is made'],
  ['target.token.after', 'reserving', 'the token is made: undecided'],
  ['target.armed.before', 'reserving', 'the journal says armed, before the hand-over is listened for'],
  ['target.armed.after', 'reserving', 'the hand-over is listened for'],
  ['target.ready.after', 'reserving', 'the journal says ready, nobody has been told'],
  ['target.handover.after', 'switchover', 'HANDOVER has come, before anything is decided'],
  ['target.commit.before', 'switchover', 'the copy is whole, before the token is renamed'],
  ['target.committed.after', 'switchover', 'the token says committed, before the config is moved'],
  ['target.config-written.after', 'switchover', 'the config names the new disks, it is still the source\'s', 'local disks'],
  ['target.config-moved.after', 'switchover', 'the config is the target\'s, the guest does not run'],
  ['target.cont.before', 'switchover', 'the disks are closed for the source, before the guest runs'],
  ['target.cont.after', 'switchover', 'the guest runs, before anybody is told'],
  ['target.answer.before', 'switchover', 'before COMMITTED is sent'],
  ['target.running.after', 'switchover', 'the journal says running'],
  ['target.finish-commit.before', 'verifying', 'before a commit is finished for an answer that was lost', 'a lost answer'],
  ['target.finish-commit.after', 'verifying', 'the commit is finished, nobody has been told', 'a lost answer'],
  ['target.verify.before', 'verifying', 'before the guest is looked at', 'a lost answer'],
  ['target.verify.after', 'verifying', 'the guest is seen running, nobody has been told', 'a lost answer'],
  ['target.cleanup.before', 'cleanup', 'before sockets and key are removed'],
  ['target.cleanup.run-dir.after', 'cleanup', 'sockets and key are gone, before the journal is closed'],
  ['target.cleanup.closed.after', 'cleanup', 'the journal is closed, nobody has been told'],
  ['target.abort.before', 'deciding', 'before the token is renamed to aborted', 'an undecided end'],
  ['target.abort.after', 'deciding', 'the token says aborted, nobody has been told', 'an undecided end'],
  ['target.release.before', 'rollingBack', 'before anything is freed', 'going back'],
  ['target.release.stopped.after', 'rollingBack', 'the waiting QEMU is gone', 'going back'],
  ['target.release.freed.after', 'rollingBack', 'a volume is freed', 'going back'],
  ['target.release.run-dir.after', 'rollingBack', 'sockets and key are gone, before the journal is closed', 'going back'],
  ['target.release.closed.after', 'rollingBack', 'the journal is closed, nobody has been told', 'going back'],
  ['target.recover.before', 'switchover', 'an agent that starts again has read its journal, before it acts', 'an agent that starts again'],
  ['target.recover.after', 'switchover', 'it has settled what was open, before it takes tasks', 'an agent that starts again'],
] as const);

/** Of a live migration. */
export const FAILPOINTS = [...CONTROL, ...SOURCE, ...TARGET];
export type LiveFailpointName = (typeof FAILPOINTS)[number]['name'];

const COLD_SOURCE = at('source agent', [
  ['cold.source.journal.before', 'reserving', 'before the journal of this move is opened'],
  ['cold.source.journal.after', 'reserving', 'the journal is open, nothing else has been done'],
  ['cold.source.copy.before', 'diskSync', 'the target is armed, before the first byte is copied'],
  ['cold.source.copied.before', 'diskSync', 'every volume has been copied once, before the journal says so'],
  ['cold.source.copied.after', 'diskSync', 'the journal says copied, nobody has been told'],
  ['cold.source.stop.before', 'switchover', 'the journal says stopping, before the guest is told'],
  ['cold.source.stop.after', 'switchover', 'the guest is down'],
  ['cold.source.verified.after', 'switchover', 'every volume is the same on both nodes, before the hand-over'],
  ['cold.source.restart.before', 'rollingBack', 'before the guest is started again', 'going back'],
  ['cold.source.restart.after', 'rollingBack', 'the guest runs again', 'going back'],
  ['cold.source.rollback.before', 'rollingBack', 'before anything is undone', 'going back'],
  ['cold.source.rollback.run-dir.after', 'rollingBack', 'tunnel and sockets are gone, before the journal is closed', 'going back'],
  ['cold.source.cleanup.before', 'cleanup', 'before anything is freed'],
  ['cold.source.cleanup.freed.after', 'cleanup', 'a volume is freed'],
  ['cold.source.cleanup.closed.after', 'cleanup', 'the journal is closed, nobody has been told'],
  ['cold.source.recover.before', 'switchover', 'an agent that starts again has read its journal, before it acts', 'an agent that starts again'],
] as const);

const COLD_TARGET = at('target agent', [
  ['cold.target.journal.after', 'reserving', 'the journal is open, nothing else has been done'],
  ['cold.target.volume.before', 'reserving', 'a volume is in the journal, before it is made'],
  ['cold.target.volume.after', 'reserving', 'a volume is made'],
  ['cold.target.token.before', 'reserving', 'before the commit token is made'],
  ['cold.target.token.after', 'reserving', 'the token is made: undecided'],
  ['cold.target.ready.after', 'reserving', 'the journal says ready, nobody has been told'],
  ['cold.target.whole.after', 'switchover', 'a volume is proved the same on both nodes, the source has not been told'],
  ['cold.target.handover.after', 'switchover', 'HANDOVER has come, before anything is decided'],
  ['cold.target.commit.before', 'switchover', 'every volume is whole, before the token is renamed'],
  ['cold.target.committed.after', 'switchover', 'the token says committed, before the config is moved'],
  ['cold.target.config-moved.after', 'switchover', 'the config is the target\'s, the guest does not run'],
  ['cold.target.start.before', 'switchover', 'the journal says starting, before the guest is started'],
  ['cold.target.start.after', 'switchover', 'the guest runs, before it is checked'],
  ['cold.target.answer.before', 'switchover', 'before COMMITTED is sent'],
  ['cold.target.return.before', 'switchover', 'the journal says returning, before the guest is ended here', 'going back'],
  ['cold.target.return.config.after', 'switchover', 'the config is the source\'s again, the token still says committed', 'going back'],
  ['cold.target.returned.after', 'switchover', 'the token says aborted, before anybody is told', 'going back'],
  ['cold.target.release.before', 'rollingBack', 'before anything is freed', 'going back'],
  ['cold.target.release.freed.after', 'rollingBack', 'a volume is freed', 'going back'],
  ['cold.target.release.closed.after', 'rollingBack', 'the journal is closed, nobody has been told', 'going back'],
  ['cold.target.cleanup.before', 'cleanup', 'before sockets are removed'],
  ['cold.target.cleanup.closed.after', 'cleanup', 'the journal is closed, nobody has been told'],
  ['cold.target.recover.before', 'switchover', 'an agent that starts again has read its journal, before it acts', 'an agent that starts again'],
] as const);

/** Of a move in which the guest stands still. The hand-over's own are the same as a live migration's. */
export const COLD_FAILPOINTS = [...COLD_SOURCE, ...COLD_TARGET];

export const ALL_FAILPOINTS = [...FAILPOINTS, ...COLD_FAILPOINTS];
export type FailpointName = (typeof ALL_FAILPOINTS)[number]['name'];

export const FAILPOINT_ACTIONS = ['kill', 'error', 'hang', 'delay'] as const;
export type FailpointAction = (typeof FAILPOINT_ACTIONS)[number];
