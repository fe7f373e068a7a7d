import type { SourceEvidence, TargetEvidence } from '../../../domain/contracts/activities.js';
import { decideInDoubt, worthFencing, type InDoubt, type Resolution } from '../../../domain/resolve/decide-in-doubt.js';
import { mayGiveUp } from '../../../domain/resolve/may-give-up.js';

const source = (over: Partial<SourceEvidence>): SourceEvidence => ({
  node: 'pve1', qemu: 'running', migrationStatus: 'active', journalState: 'precopy', decision: 'undecided', ...over,
});
const target = (over: Partial<TargetEvidence>): TargetEvidence => ({
  node: 'pve2', qemu: 'inmigrate', migrationStatus: 'active', journalState: 'armed', decision: 'undecided', configHere: false, ...over,
});
const handedOver = source({ qemu: 'postmigrate', migrationStatus: 'completed', journalState: 'handed-over' });
const whole = target({ qemu: 'paused', migrationStatus: 'completed' });
const doubt = (over: Partial<InDoubt>): InDoubt => ({
  vmid: 101, sourceNode: 'pve1', targetNode: 'pve2', fenced: [], decision: 'undecided', source: source({}), target: target({}), ...over,
});

const table: readonly [string, InDoubt, Resolution['action']][] = [
  ['a committed token is obeyed, whatever the nodes say', doubt({ decision: 'committed', target: null, source: null }), 'forward'],
  ['a committed token seen by one node only is obeyed', doubt({ target: { ...whole, decision: 'committed' } }), 'forward'],
  ['an aborted token is obeyed, even after a handover', doubt({ decision: 'aborted', source: handedOver, target: whole }), 'back'],
  ['an aborted token seen by one node only is obeyed', doubt({ source: source({ decision: 'aborted' }) }), 'back'],
  ['without a token there is nothing to decide', doubt({ decision: 'none', source: source({ decision: 'none' }), target: null }), 'back'],
  ['the token is forgotten and the config is on the target: forward', doubt({ decision: 'none', source: null, target: target({ decision: 'none', configHere: true }) }), 'forward'],
  ['the token is forgotten and the config is on the target, the source is clean: forward',
    doubt({ decision: 'none', source: source({ decision: 'none', qemu: 'stopped', journalState: 'closed' }), target: target({ decision: 'none', configHere: true }) }), 'forward'],
  ['no token, no copy runs on the source, the target does not answer: wait', doubt({ decision: 'none', source: source({ decision: 'none', qemu: 'stopped' }), target: null }), 'wait'],
  ['no token, and nobody but the cluster answers: wait', doubt({ decision: 'none', source: null, target: null }), 'wait'],
  ['a token one node can see exists, though another reader found none', doubt({ decision: 'none' }), 'abort'],
  ['the token cannot be read by anybody: wait', doubt({ decision: null, source: null, target: null }), 'wait'],
  ['the guest still runs on the source: abort', doubt({}), 'abort'],
  ['the source waits in pre-switchover: abort', doubt({ source: source({ qemu: 'paused', migrationStatus: 'pre-switchover' }) }), 'abort'],
  ['handed over, target holds a whole copy: let it commit', doubt({ source: handedOver, target: whole }), 'let-commit'],
  ['completed, agent died before its journal said so: let it commit',
    doubt({ source: source({ qemu: 'postmigrate', migrationStatus: 'completed' }), target: whole }), 'let-commit'],
  ['source QEMU gone for good, target holds a whole copy: let it commit',
    doubt({ source: source({ qemu: 'stopped', migrationStatus: null }), target: whole }), 'let-commit'],
  ['source QEMU gone for good, target does not answer: wait, it may hold the only copy',
    doubt({ source: source({ qemu: 'stopped', migrationStatus: null, journalState: 'handed-over' }), target: null }), 'wait'],
  ['handed over, target QEMU is gone: abort', doubt({ source: handedOver, target: target({ qemu: 'stopped', migrationStatus: null }) }), 'abort'],
  ['handed over, target has only a part: abort', doubt({ source: handedOver }), 'abort'],
  ['handed over, target does not answer: abort', doubt({ source: handedOver, target: null }), 'abort'],
  ['not handed over, target does not answer: abort', doubt({ target: null }), 'abort'],
  ['source does not answer, target holds a whole copy: wait for the source', doubt({ source: null, target: whole }), 'wait'],
  ['source does not answer, target holds no whole copy: abort', doubt({ source: null }), 'abort'],
  ['source does not answer, target QEMU is gone: abort', doubt({ source: null, target: target({ qemu: 'stopped', migrationStatus: null }) }), 'abort'],
  ['nobody answers but the token is undecided: wait', doubt({ source: null, target: null }), 'wait'],
  ['source fenced, target holds a whole copy: the statement stands for HANDOVER', doubt({ source: null, target: whole, fenced: ['pve1'] }), 'let-commit'],
  ['source fenced, target holds no whole copy: abort', doubt({ source: null, fenced: ['pve1'] }), 'abort'],
  ['source fenced but it speaks, and runs its copy: its word counts', doubt({ target: whole, fenced: ['pve1'] }), 'abort'],
  ['source fenced but it speaks, before its switch: its word counts',
    doubt({ source: source({ qemu: 'paused', migrationStatus: 'pre-switchover' }), target: whole, fenced: ['pve1'] }), 'abort'],
  ['source fenced, target does not answer: wait, it may hold the only copy', doubt({ source: null, target: null, fenced: ['pve1'] }), 'wait'],
  ['source does not answer, target fenced: abort, the source keeps what it has', doubt({ source: null, target: null, fenced: ['pve2'] }), 'abort'],
  ['both fenced: abort, the guest is started from its config again', doubt({ source: null, target: null, fenced: ['pve1', 'pve2'] }), 'abort'],
  ['source QEMU gone for good, target fenced: abort, no copy is left',
    doubt({ source: source({ qemu: 'stopped', migrationStatus: null, journalState: 'handed-over' }), target: null, fenced: ['pve2'] }), 'abort'],
  ['target fenced after the commit: nothing goes back', doubt({ decision: 'committed', source: handedOver, target: null, fenced: ['pve2'] }), 'forward'],
  ['source fenced after an abort: nothing goes forward', doubt({ decision: 'aborted', source: null, target: whole, fenced: ['pve1'] }), 'back'],
  ['target fenced, no token: its config still has to be looked at', doubt({ decision: 'none', source: null, target: null, fenced: ['pve2'] }), 'wait'],
  ['the token cannot be read by anybody, both fenced: wait', doubt({ decision: null, source: null, target: null, fenced: ['pve1', 'pve2'] }), 'wait'],
  ['both copies claim to run: a person has to look', doubt({ target: target({ qemu: 'running', migrationStatus: 'completed' }) }), 'wait'],
];

describe('decideInDoubt', () => {
  it.each(table)('%s', (_title, known, action) => {
    const resolution = decideInDoubt(known);
    expect(resolution.action).toBe(action);
    expect(resolution.reason).not.toBe('');
    expect(resolution.waitingFor !== null).toBe(action === 'wait');
  });

  it('never lets the target commit while the source may still run', () => {
    const states = ['stopped', 'running', 'paused', 'inmigrate', 'postmigrate', 'prelaunch', 'other'] as const;
    for (const qemu of states) {
      const { action } = decideInDoubt(doubt({ source: source({ qemu }), target: whole }));
      expect(action === 'let-commit').toBe(qemu === 'stopped' || qemu === 'postmigrate');
    }
  });

  it('takes a fenced source for stopped only while it is silent', () => {
    const states = ['running', 'paused', 'inmigrate', 'prelaunch', 'other'] as const;
    for (const qemu of states) expect(decideInDoubt(doubt({ source: source({ qemu }), target: whole, fenced: ['pve1'] })).action).toBe('abort');
  });

  it.each([
    ['the source', doubt({ source: null, target: whole }), 'pve1'],
    ['the target, which may hold the only copy', doubt({ source: source({ qemu: 'stopped' }), target: null }), 'pve2'],
    ['the target, when neither answers', doubt({ source: null, target: null }), 'pve2'],
  ])('says what has to be checked about %s, and the command', (_who, known, node) => {
    expect(decideInDoubt(known).waitingFor).toContain(`make sure that it is switched off or has been rebooted since, then \`ferry resolve 101 --confirm-fenced ${node}\``);
  });
});

describe('worthFencing', () => {
  it.each<[string, InDoubt, string | null]>([
    ['a silent source, when the target holds a whole copy', doubt({ source: null, target: whole }), 'pve1'],
    ['not again', doubt({ source: null, target: whole, fenced: ['pve1'] }), null],
    ['not a source that answers', doubt({ source: handedOver, target: whole }), null],
    ['not a source without which it is aborted anyway', doubt({ source: null }), null],
    ['not a target that may hold the only copy', doubt({ source: source({ qemu: 'stopped' }), target: null }), null],
    ['nobody, when neither answers: whoever asks may be cut off himself', doubt({ source: null, target: null }), null],
    ['nobody after the decision', doubt({ decision: 'committed', source: null, target: whole }), null],
  ])('%s', (_title, known, node) => {
    expect(worthFencing(known)).toBe(node);
  });
});

describe('mayGiveUp', () => {
  it.each<[string, InDoubt, boolean, string]>([
    ['committed: no', doubt({ decision: 'committed', source: handedOver, target: null }), false, 'nothing goes back'],
    ['aborted: yes, only what has to be undone is left', doubt({ decision: 'aborted', source: null, target: null }), true, 'aborted'],
    ['the token cannot be read: no', doubt({ decision: null, source: null, target: null }), false, 'cannot be written'],
    ['no token, and the guest runs on the source: yes', doubt({ decision: 'none', source: source({ decision: 'none' }), target: null }), true, 'no commit token was ever made'],
    ['no token, and the target may have the guest: no', doubt({ decision: 'none', source: null, target: null }), false, 'only copy'],
    ['no token, and the target has the guest: no', doubt({ decision: 'none', target: target({ decision: 'none', configHere: true }), source: null }), false, 'belongs to pve2'],
    ['the target does not manage to commit, the source can go on: yes', doubt({ source: handedOver, target: whole }), true, 'can go on'],
    ['the target does not manage to commit and the source has no copy: no', doubt({ source: source({ qemu: 'stopped' }), target: whole }), false, 'only one'],
    ['the source is silent and the target holds a whole copy: no', doubt({ source: null, target: whole }), false, 'lose the only copy'],
    ['the source was fenced and the target holds a whole copy: no', doubt({ source: null, target: whole, fenced: ['pve1'] }), false, 'only one'],
    ['no copy on the source and the target is silent: no', doubt({ source: source({ qemu: 'stopped' }), target: null }), false, 'lose the only copy'],
    ['neither answers: no', doubt({ source: null, target: null }), false, 'lose the only copy'],
    ['both claim to run: no', doubt({ target: target({ qemu: 'running', migrationStatus: 'completed' }) }), false, 'two copies'],
    ['handed over, the target is silent: yes', doubt({ source: handedOver, target: null }), true, 'has not committed'],
  ])('%s', (_title, known, allowed, reason) => {
    expect(mayGiveUp(known)).toEqual({ allowed, reason: expect.stringContaining(reason) as string });
  });
});
