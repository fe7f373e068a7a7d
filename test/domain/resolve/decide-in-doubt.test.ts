import type { SourceEvidence, TargetEvidence } from '../../../domain/contracts/activities.js';
import { decideInDoubt, type InDoubt, type Resolution } from '../../../domain/resolve/decide-in-doubt.js';

const source = (over: Partial<SourceEvidence>): SourceEvidence => ({
  node: 'pve1', qemu: 'running', migrationStatus: 'active', journalState: 'precopy', decision: 'undecided', ...over,
});
const target = (over: Partial<TargetEvidence>): TargetEvidence => ({
  node: 'pve2', qemu: 'inmigrate', migrationStatus: 'active', journalState: 'armed', decision: 'undecided', configHere: false, ...over,
});
const handedOver = source({ qemu: 'postmigrate', migrationStatus: 'completed', journalState: 'handed-over' });
const whole = target({ qemu: 'paused', migrationStatus: 'completed' });
const doubt = (over: Partial<InDoubt>): InDoubt => ({
  sourceNode: 'pve1', targetNode: 'pve2', decision: 'undecided', source: source({}), target: target({}), ...over,
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
});
