import type { LivePlan } from '../../domain/contracts/plan.js';
import type { NodeSurvey, SettlementRequest } from '../../domain/contracts/reconcile.js';
import type { RunState } from '../../domain/contracts/run-state.js';
import { Reconciler } from '../../workers/reconcile/reconciler.js';

const plan = { source: 'pve1', target: 'pve2' } as LivePlan;
const survey: NodeSurvey = {
  node: 'pve1', isFirst: true, damaged: [], claims: [], things: [{ kind: 'tap', vmid: 300, name: 'tap300i0', epochShort: null }],
  ledger: ['closed-1', 'open-1', 'gone-1', 'unknown-1'].map((epoch, index) =>
    ({ vmid: 101 + index, epoch, role: 'source' as const, closed: false, lastState: 'migrating', plan, workflowId: `workflow-${epoch}` })),
};

function bench(changes: { readonly survey?: () => Promise<NodeSurvey>; readonly settle?: (request: SettlementRequest) => Promise<string> } = {}) {
  const asked: SettlementRequest[] = [];
  const said: string[] = [];
  let surveys = 0;
  const reconciler = new Reconciler({
    survey: () => {
      surveys += 1;
      return changes.survey?.() ?? Promise.resolve(survey);
    },
    readRun: ({ workflowId, epoch }) => Promise.resolve(workflowId === `workflow-${epoch}` ? epoch.split('-')[0] as RunState : 'open'),
    settle: changes.settle ?? ((request) => {
      asked.push(request);
      return Promise.resolve(`settle-${request.vmid}`);
    }),
    log: (_level, sentence) => { said.push(sentence); },
  });
  return { reconciler, asked, said, surveys: () => surveys };
}

test('settles what belongs to closed and unknown runs, and nothing else', async () => {
  const { reconciler, asked } = bench();
  const found = await reconciler.pass({ dryRun: false });
  expect(found.findings.map(({ verdict }) => verdict)).toEqual(['settle', 'under-way', 'settle', 'unclear', 'stranger']);
  expect(found.settling).toEqual(['settle-101', 'settle-103']);
  expect(asked).toEqual([{ vmid: 101, epoch: 'closed-1', nodes: ['pve1', 'pve2'] }, { vmid: 103, epoch: 'gone-1', nodes: ['pve1', 'pve2'] }]);
});

test('a dry run finds the same and asks for nothing', async () => {
  const { reconciler, asked } = bench();
  expect(await reconciler.pass({ dryRun: true })).toMatchObject({ node: 'pve1', settling: [], findings: [{ verdict: 'settle' }, {}, {}, {}, {}] });
  expect(asked).toEqual([]);
});

test('several wishes while a pass is under way are one more pass', async () => {
  let release = (): void => undefined;
  const { reconciler, surveys } = bench({ survey: () => new Promise((resolve) => { release = () => resolve(survey); }) });
  const first = reconciler.pass({ dryRun: true });
  await Promise.resolve();
  for (let i = 0; i < 3; i += 1) reconciler.soon({ vmid: 101, epoch: 'closed-1' });
  release();
  await first;
  await new Promise((resolve) => { setImmediate(resolve); });
  release();
  await new Promise((resolve) => { setImmediate(resolve); });
  expect(surveys()).toBe(2);
});

test('a failed pass is told of and keeps none of the later ones from running', async () => {
  let isFirst = true;
  const { reconciler, said } = bench({ survey: () => {
    const answer = isFirst ? Promise.reject(new Error('the cluster file system is away')) : Promise.resolve(survey);
    isFirst = false;
    return answer;
  } });
  reconciler.soon();
  await new Promise((resolve) => { setImmediate(resolve); });
  expect((await reconciler.pass({ dryRun: true })).findings).toHaveLength(5);
  expect(said).toContain('reconcile failed: the cluster file system is away; tried again later');
});

test('what stays the same is said once', async () => {
  const { reconciler, said } = bench();
  await reconciler.pass({ dryRun: true });
  const once = said.length;
  await reconciler.pass({ dryRun: true });
  expect(once).toBe(4);
  expect(said).toHaveLength(once);
});
