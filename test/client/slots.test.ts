import type { Addressed, LedgerView, SlotRequest } from '../../domain/contracts/slots.js';
import { MIGRATIONS_QUEUE, SLOT_LEDGERS_ID } from '../../domain/ids.js';
import { ferry } from './stand-in/cli.js';
import { startStandIn, type StandIn } from './stand-in/server.js';

jest.setTimeout(60_000);

let standIn: StandIn;
beforeAll(async () => {
  standIn = await startStandIn();
});
afterAll(() => standIn?.stop());

const run = async (argv: string): Promise<{ code: number; out: string; err: string }> => {
  const cli = ferry(standIn.clientEnv, ['slots', ...argv.split(' ').filter((word) => word !== '')]);
  const code = await cli.done;
  return { code, out: cli.out(), err: cli.err() };
};

/** As the control worker's activity does. The holder is a workflow that hears the answer and stays open. */
async function ask(resource: string, vmid: number): Promise<void> {
  const workflowId = `migrate-guest-${vmid}`;
  await standIn.env.client.workflow.start('migrateGuest', { taskQueue: MIGRATIONS_QUEUE, workflowId, args: [{ vmid, target: 'pve2' }] });
  const request: Addressed<SlotRequest> = { resource, vmid, epoch: `epoch-${vmid}`, workflowId, priority: 3, seq: vmid, sinceMs: vmid, pools: ['transfer-in'], configured: { 'transfer-in': 1 } };
  await standIn.env.client.workflow.signalWithStart('slotLedgers', {
    taskQueue: MIGRATIONS_QUEUE, workflowId: SLOT_LEDGERS_ID, args: [{}], signal: 'requestSlots', signalArgs: [[request]],
  });
}

test('of a node that nobody uses nothing is shown', async () => {
  const { code, out } = await run('pve7');
  expect({ code, out }).toEqual({ code: 0, out: 'no migration holds or waits for a slot, and no limit was set by hand: the configuration counts\n' });
});

test('who holds, who waits and why', async () => {
  await ask('pve1', 801);
  await ask('pve1', 802);
  const { code, out } = await run('pve1');
  expect(code).toBe(0);
  expect(out).toMatch(/pve1 +transfers in +1 +1 +-\n/);
  expect(out).toMatch(/pve1 +801 +3 .* +holds +transfers in\n/);
  expect(out).toMatch(/pve1 +802 +3 .* +place 1 +1 of 1 transfers in is taken, by guest 801\n/);
});

test('a limit is set at once, recorded, and taken back; --json is the ledger', async () => {
  await ask('pve3', 803);
  await ask('pve3', 804);
  const set = await run('set pve3 --in 2 --by tester --json');
  expect(set.code).toBe(0);
  const view = JSON.parse(set.out) as LedgerView;
  expect(view.pools).toContainEqual({ pool: 'transfer-in', limit: 2, used: 2, setBy: 'tester' });
  expect(view.waiters).toEqual([]);
  const { out } = await run('set pve3 --in default');
  expect(out).toMatch(/pve3 +transfers in +2 +1 +-\n/);
});

test('a ledger that is not open is opened by a limit, also of a link', async () => {
  expect((await run('set rack1 --link --transfer 5')).out).toMatch(/link rack1 +transfers +0 +5 +root@pve1\n\nnobody holds or waits\n/);
  expect((await run('rack1 --link')).out).toMatch(/link rack1 +transfers +0 +5/);
});

test.each([
  ['set pve5', 64, 'say which: --in <n>'],
  ['set pve5 --in many', 64, '--in: a whole number or `default` is needed, not `many`.'],
  ['set pve5 --in 5000', 64, 'limits.transfer-in: a whole number from 0 to 1000, or null, is needed'],
  ['set rack9 --link --in 3', 64, 'a link has transfers only'],
])('%s: exit %d', async (argv, code, sentence) => {
  const refused = await run(argv);
  expect(refused.code).toBe(code);
  expect(refused.err).toContain(sentence);
});
