import type { LivePlan } from '../../../domain/contracts/plan.js';
import type { GuestClaims, LedgerEntry, NodeSurvey, Thing } from '../../../domain/contracts/reconcile.js';
import type { RunState } from '../../../domain/contracts/run-state.js';
import { judgeNode, tracesOf } from '../../../domain/reconcile/judge-node.js';

const EPOCH = '11111111-2222-3333-4444-555555555555';
const OTHER = '99999999-8888-7777-6666-555555555555';
const WORKFLOW = 'migrate-guest-101';
const plan = { source: 'pve1', target: 'pve2' } as LivePlan;
const owner = { epoch: EPOCH, workflowId: WORKFLOW, requestedBy: 'root', since: '2030-01-01T00:00:00.000Z', nodes: ['pve1', 'pve2'] };

const entry = (changes: Partial<LedgerEntry> = {}): LedgerEntry =>
  ({ vmid: 101, epoch: EPOCH, role: 'source', closed: false, lastState: 'migrating', plan, workflowId: WORKFLOW, ...changes });
const claims = (changes: Partial<GuestClaims> = {}): GuestClaims =>
  ({ vmid: 101, configNode: 'pve1', configLock: null, owner: null, ownerProblem: null, epochs: [], ...changes });
const thing = (kind: Thing['kind'], changes: Partial<Thing> = {}): Thing => ({ kind, vmid: 101, name: 'x', epochShort: null, ...changes });
const seenBy = (node: string, changes: Partial<NodeSurvey>): NodeSurvey => ({ node, isFirst: node === 'pve1', ledger: [], damaged: [], claims: [], things: [], ...changes });

/** Verdicts, each with what it is about. */
function judged(survey: NodeSurvey, run: RunState = 'closed'): string[] {
  return judgeNode(survey, new Map([[EPOCH, run]])).map(({ verdict, subject }) => `${verdict}: ${subject}`);
}

describe('a migration that has left something', () => {
  test.each<[RunState, string]>([
    ['open', 'under-way'],
    ['closed', 'settle'],
    ['gone', 'settle'],
    ['unknown', 'unclear'],
  ])('whose run is %s: %s', (run, verdict) => {
    expect(judged(seenBy('pve1', { ledger: [entry()] }), run)).toEqual([`${verdict}: source journal (migrating)`]);
  });

  test.each<[string, Partial<NodeSurvey>, string[]]>([
    ['an open entry on the target', { ledger: [entry({ role: 'target', lastState: 'armed' })] }, ['settle: target journal (armed)']],
    ['journal, lock and token are one migration', { ledger: [entry()], claims: [claims({ owner, configLock: 'migrate', epochs: [EPOCH] })] }, ['settle: source journal (migrating), lock']],
    ['only the lock', { claims: [claims({ owner, configLock: 'migrate' })] }, ['settle: lock']],
    ['only a token, whose journal entry is closed', { ledger: [entry({ closed: true })], claims: [claims({ epochs: [EPOCH] })] }, ['settle: token']],
    ['an entry that is closed, and nothing else', { ledger: [entry({ closed: true })] }, []],
  ])('%s', (_title, survey, verdicts) => {
    expect(judged(seenBy('pve1', survey))).toEqual(verdicts);
  });

  test('is told of with its workflow and the nodes that took part', () => {
    expect(tracesOf(seenBy('pve1', { claims: [claims({ owner, configLock: 'migrate' })] }))).toMatchObject([{ vmid: 101, epoch: EPOCH, workflowId: WORKFLOW, nodes: ['pve1', 'pve2'] }]);
    const [finding] = judgeNode(seenBy('pve2', { ledger: [entry({ role: 'target' })] }), new Map([[EPOCH, 'closed']]));
    expect(finding).toMatchObject({ workflowId: WORKFLOW, nodes: ['pve1', 'pve2'], reason: `workflow ${WORKFLOW} is closed and left it behind` });
  });

  test('of whose workflow nobody knows is unclear, and says so', () => {
    const [finding] = judgeNode(seenBy('pve1', { ledger: [entry({ workflowId: null })] }), new Map());
    expect(finding).toMatchObject({ verdict: 'unclear', reason: 'nobody noted which workflow it belongs to' });
  });
});

describe('locks and tokens are reported by one node', () => {
  test.each<[string, string, Partial<GuestClaims>, string[]]>([
    ['the lock, by the node that holds the guest', 'pve1', { owner }, ['settle: lock']],
    ['… and by no other', 'pve2', { owner }, []],
    ['of a guest without a config, by the first node', 'pve1', { owner, configNode: null }, ['settle: lock']],
    ['… and by no other', 'pve2', { owner, configNode: null }, []],
    ['a token that nobody knows is a stranger', 'pve1', { epochs: [OTHER] }, ['stranger: token']],
    ['… and for the other nodes no business', 'pve2', { epochs: [OTHER] }, []],
    ['a lock record that can\'t be read is for a person', 'pve1', { configLock: 'migrate', ownerProblem: 'does not say who owns it' }, ['operator: lock']],
  ])('%s (%s)', (_title, node, changes, verdicts) => {
    expect(judged(seenBy(node, { claims: [claims(changes)] }))).toEqual(verdicts);
  });
});

test.each<[string, string | null, string[]]>([
  ['a migration lock without a record of ours is listed', 'migrate', ['stranger: lock: migrate']],
  ['a backup is nobody\'s business', 'backup', []],
  ['no lock', null, []],
])('foreign locks are never touched: %s', (_title, configLock, verdicts) => {
  expect(judged(seenBy('pve1', { claims: [claims({ configLock })] }))).toEqual(verdicts);
});

test('a damaged entry is for a person, whatever its run', () => {
  const survey = seenBy('pve1', { damaged: [{ vmid: 101, epoch: EPOCH, problem: 'line 2 is damaged' }], things: [thing('run directory', { epochShort: '555555555555' })] });
  expect(judged(survey, 'open')).toEqual(['operator: damaged journal entry']);
});

describe('what is really there', () => {
  const qemu = thing('QEMU', { name: 'pid 7' });
  test.each<[string, Partial<NodeSurvey>, string[]]>([
    ['belongs to an open migration', { ledger: [entry()], things: [thing('run directory', { epochShort: '555555555555' }), thing('tap'), qemu, thing('volume draft'), thing('socket')] }, []],
    ['a run directory of another epoch', { ledger: [entry()], things: [thing('run directory', { name: '/run/ferry/101-5', epochShort: '666666666666' })] }, ['stranger: run directory /run/ferry/101-5']],
    ['a run directory of a closed epoch', { ledger: [entry({ closed: true })], things: [thing('run directory', { epochShort: '555555555555' })] }, ['stranger: run directory x']],
    ['a QEMU whose guest is here', { claims: [claims()], things: [qemu, thing('tap'), thing('socket')] }, []],
    ['a QEMU whose guest is on another node', { claims: [claims({ configNode: 'pve3' })], things: [qemu] }, ['stranger: QEMU pid 7']],
    ['a QEMU of a guest without a config', { claims: [claims({ configNode: null })], things: [qemu] }, ['stranger: QEMU pid 7']],
    ['a tap and a socket without a QEMU', { claims: [claims()], things: [thing('tap', { name: 'tap101i0' }), thing('socket', { name: '101.drive.qmp' })] }, ['stranger: tap tap101i0', 'stranger: socket 101.drive.qmp']],
    ['a draft of a volume, a half-written config', { claims: [claims()], things: [thing('volume draft'), thing('temporary file')] }, ['stranger: volume draft x', 'stranger: temporary file x']],
  ])('%s', (_title, survey, verdicts) => {
    const others = (survey.ledger ?? []).some(({ closed }) => !closed) ? ['settle: source journal (migrating)'] : [];
    expect(judged(seenBy('pve1', survey))).toEqual([...others, ...verdicts]);
  });
});
