import { MIGRATIONS_QUEUE } from '../../domain/ids.js';
import type { ClusterReconciliation } from '../../domain/contracts/reconcile.js';
import { ferry } from './stand-in/cli.js';
import { startStandIn, type StandIn } from './stand-in/server.js';

jest.setTimeout(60_000);

let standIn: StandIn;
beforeAll(async () => {
  standIn = await startStandIn();
});
afterAll(() => standIn?.stop());

const run = async (...argv: string[]): Promise<{ code: number; out: string; err: string }> => {
  const cli = ferry(standIn.clientEnv, ['reconcile', ...argv]);
  const code = await cli.done;
  return { code, out: cli.out(), err: cli.err() };
};

test('a dry run shows what would be settled, and exits 1 because something is left', async () => {
  const { code, out } = await run('--dry-run', '--node', 'pve1');
  expect(code).toBe(1);
  expect(out).toMatch(/pve1 +to settle +700 +source journal \(migrating\) +epoch-700 +workflow migrate-guest-700 is closed and left it behind/);
  expect(out).not.toContain('settled by');
});

test('otherwise it names the settlement, and that is in order', async () => {
  const { code, out } = await run('--node', 'pve1');
  expect(code).toBe(0);
  expect(out).toContain('settled by settle-700-epoch-700; follow it: ferry show settle-700-epoch-700 --watch');
});

test('a node that does not answer is named, and is not in order', async () => {
  const { code, out } = await run();
  expect(code).toBe(1);
  expect(out).toContain('pve2 did not answer: reconcileNode failed: pve2: nobody took the task, the agent is away');
});

test('with --wait and --json it ends when everything is settled, with the reports', async () => {
  await standIn.env.client.workflow.start('settleMigration', { taskQueue: MIGRATIONS_QUEUE, workflowId: 'settle-700-epoch-700' });
  const { code, out } = await run('--node', 'pve1', '--wait', '--json');
  expect(code).toBe(0);
  const answer = JSON.parse(out) as ClusterReconciliation & { settled: unknown };
  expect(answer.nodes[0]?.findings[0]?.verdict).toBe('settle');
  expect(answer.settled).toMatchObject([{ workflowId: 'settle-700-epoch-700', ending: { kind: 'report', report: { outcome: 'rolled-back' } } }]);
});

test('a node that is no member is refused with one sentence', async () => {
  expect(await run('--node', 'pve9')).toEqual({ code: 64, out: '', err: 'ferry: reconcile failed: pve9: not a member of the cluster, which has pve1, pve2\n' });
});
