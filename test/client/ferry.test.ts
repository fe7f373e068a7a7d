import { readFile, rm } from 'node:fs/promises';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EXIT } from '../../client/cli/exit-codes.js';
import { ATTRIBUTES } from '../../workflows/attributes.js';
import type { MigrationReport } from '../../domain/contracts/report.js';
import { ferry, type Cli } from './stand-in/cli.js';
import { startStandIn, type StandIn } from './stand-in/server.js';

jest.setTimeout(60_000);
let standIn: StandIn;
beforeAll(async () => {
  standIn = await startStandIn();
});
afterAll(() => standIn.stop());

const run = (argv: string, options?: { tty?: boolean }): Cli => ferry(standIn.clientEnv, argv.split(' '), options);
const signal = (vmid: number, name: string, ...args: unknown[]) => standIn.env.client.workflow.getHandle(`migrate-guest-${vmid}`).signal(name, ...args);
const json = (text: string): Record<string, unknown>[] => text.trim().split('\n').map((line) => JSON.parse(line) as Record<string, unknown>);

describe('ferry migrate', () => {
  test.each<[string, MigrationReport['outcome'] | 'invalid-input' | 'no-report', number]>([
    ['migrated: 0', 'migrated', EXIT.ok],
    ['rolled back: 1', 'rolled-back', EXIT.rolledBack],
    ['refused: 2', 'refused', EXIT.refused],
    ['cancelled: 3', 'cancelled', EXIT.cancelled],
    ['input only the cluster can judge: 64', 'invalid-input', EXIT.usage],
    ['no report: 70', 'no-report', EXIT.internal],
  ])('%s', async (_, outcome, exitCode) => {
    const cli = run('migrate 110 pve2 --online --json');
    await cli.seen('"started"');
    await signal(110, 'finish', outcome);
    expect(await cli.done).toBe(exitCode);
    const last = json(cli.out()).at(-1);
    if (exitCode < 60) expect(last).toMatchObject({ event: 'report', report: { outcome, vmid: 110, requestedBy: 'root@pve1' } });
    else expect(last).toMatchObject({ event: 'failed', sentence: expect.any(String) as string });
  });

  test('a run is started with everything a person sees of it', async () => {
    const cli = run('migrate 111 pve2 --online --with-local-disks --bwlimit 2048 --reason evacuation --detach --json');
    expect(await cli.done).toBe(EXIT.ok);
    const handle = standIn.env.client.workflow.getHandle('migrate-guest-111');
    const description = await handle.describe();
    expect(await description.staticSummary()).toBe('VM 111 → pve2, live, by root@pve1: evacuation');
    expect(await description.staticDetails()).toContain('- **bwlimitKiBps**: 2048');
    expect(description.memo).toMatchObject({ reason: 'evacuation', requestedBy: 'root@pve1' });
    expect(description.taskQueue).toBe('migrations');
    const { guestId, targetNode, guestKind } = ATTRIBUTES;
    expect([guestId, targetNode, guestKind].map((key) => description.typedSearchAttributes.get(key))).toEqual(['111', 'pve2', 'qemu']);
    expect(json(cli.out())).toEqual([{ event: 'started', workflowId: 'migrate-guest-111', runId: description.runId, url: expect.stringContaining('/workflows/migrate-guest-111/') as string }]);
    await signal(111, 'finish', 'migrated');
    await handle.result();
  });

  test("the nodes' heartbeats are shown, as lines where there is no terminal", async () => {
    const cli = run('migrate 112 pve2 --online --reason heartbeat');
    await cli.seen('250.0 MiB');
    standIn.releaseActivity();
    expect(await cli.done).toBe(EXIT.ok);
    expect(cli.out()).toContain('stand-in: migrated');
    expect(cli.out()).not.toContain('\u001b[');
  });

  test('a terminal gets a block in place, and the report at its end', async () => {
    const cli = run('migrate 113 pve2 --online', { tty: true });
    await cli.seen('guest 113');
    await signal(113, 'put', { phase: 'precopy', detail: 'copying memory', waitingFor: 'pve2 to answer' });
    await cli.seen('waiting for pve2 to answer');
    await signal(113, 'finish', 'rolled-back');
    expect(await cli.done).toBe(EXIT.rolledBack);
    expect(cli.out()).toContain('\u001b[');
    expect(cli.out()).toContain('stand-in: rolled-back');
  });

  test('Ctrl-C detaches, says how to come back, and the migration goes on', async () => {
    const cli = run('migrate 114 pve2 --online');
    await cli.seen('validating');
    cli.interrupt();
    expect(await cli.done).toBe(EXIT.detached);
    expect(cli.out()).toContain('`ferry show 114 --watch`');
    expect(cli.out()).toContain('`ferry cancel 114`');
    expect(cli.out()).toContain('/workflows/migrate-guest-114/');

    const back = run('show 114 --watch --json');
    await back.seen('"progress"');
    await signal(114, 'finish', 'migrated');
    expect(await back.done).toBe(EXIT.ok);
  });

  test('a second migration of the same guest is refused, naming the first', async () => {
    const first = run('migrate 115 pve2 --online --reason maintenance --detach');
    expect(await first.done).toBe(EXIT.ok);
    const second = run('migrate 115 pve3 --online');
    expect(await second.done).toBe(EXIT.refused);
    expect(second.err()).toMatch(/guest 115 is already being migrated \(VM 115 → pve2, live, by root@pve1: maintenance; since .*ferry show 115/);
    await signal(115, 'finish', 'migrated');
  });

  test.each([
    ['a guest number that is none', 'migrate web pve2', /vmid/],
    ['a bandwidth that is none', 'migrate 101 pve2 --bwlimit fast', /bwlimit/i],
    ['an unknown option', 'migrate 101 pve2 --onlien', /--onlien/],
    ['a missing target', 'migrate 101', /target/],
  ])('%s ends with 64 before anything is sent', async (_, argv, sentence) => {
    const cli = ferry({ TEMPORAL_ADDRESS: '127.0.0.1:1' }, argv.split(' '));
    expect(await cli.done).toBe(EXIT.usage);
    expect(cli.err()).toMatch(sentence);
  });
});

describe('ferry check', () => {
  test('what can be moved: 0', async () => {
    const cli = run('check 101 pve2 --online');
    expect(await cli.done).toBe(EXIT.ok);
    expect(cli.out()).toBe('guest 101 can be moved to pve2.\n  warning: the target is busy\n');
  });

  test("what can't: 2, with every refusal", async () => {
    const cli = run('check 101 pve9 --online');
    expect(await cli.done).toBe(EXIT.refused);
    expect(cli.out()).toMatch(/2 reasons[^]*\[node-unknown\][^]*name one of pve1, pve2[^]*\[guest-locked\][^]*wait for the backup/);
  });
});

describe('ferry list, show, cancel and steer', () => {
  test('cancel --wait ends with 0 once the guest is back, and the report is kept', async () => {
    expect(await run('migrate 120 pve2 --online --detach').done).toBe(EXIT.ok);
    const running = run('show 120 --json');
    expect(await running.done).toBe(EXIT.ok);
    expect(JSON.parse(running.out())).toMatchObject({ running: true, progress: { phase: 'validating', vmid: 120 } });

    const cancel = run('cancel 120 --wait');
    expect(await cancel.done).toBe(EXIT.ok);
    expect(cancel.out()).toContain('stand-in: cancelled');

    const again = run('cancel 120');
    expect(await again.done).toBe(EXIT.notFound);
    expect(again.err()).toContain('has ended already');

    const file = join(tmpdir(), `ferry-report-${process.pid}.html`);
    expect(await run(`show 120 --html ${file}`).done).toBe(EXIT.ok);
    expect(await readFile(file, 'utf8')).toContain('<html');
    await rm(file);
  });

  test('a migration started in the UI under its own id is found by its guest', async () => {
    const handle = await standIn.env.client.workflow.start('migrateGuest', {
      workflowId: 'from-the-ui', taskQueue: 'migrations', args: [{ vmid: 121, target: 'pve2' }], typedSearchAttributes: [{ key: ATTRIBUTES.guestId, value: '121' }],
    });
    await visible('from-the-ui');
    const cli = run('show 121 --json');
    expect(await cli.done).toBe(EXIT.ok);
    expect(JSON.parse(cli.out())).toMatchObject({ workflowId: 'from-the-ui', running: true });

    const list = run('list --json');
    expect(await list.done).toBe(EXIT.ok);
    const row = (JSON.parse(list.out()) as { workflowId: string }[]).find(({ workflowId }) => workflowId === 'from-the-ui');
    expect(row).toMatchObject({ vmid: 121, source: 'pve1', target: 'pve2', phase: 'validating', running: true, outcome: null });
    await handle.signal('finish', 'rolled-back');
    await handle.result().catch(() => undefined);
  });

  test('the list says how those that ended did', async () => {
    await visible('migrate-guest-110');
    const cli = run('list --all');
    expect(await cli.done).toBe(EXIT.ok);
    expect(cli.out()).toMatch(/migrate-guest-110 +110 +pve1 → pve2 +- .*migrated/);
  });

  test('steer changes a running one, and hands on what the workflow refuses', async () => {
    expect(await run('migrate 122 pve2 --online --detach').done).toBe(EXIT.ok);
    expect(await run('steer 122 --downtime-limit 500').done).toBe(EXIT.ok);
    const shown = run('show 122');
    expect(await shown.done).toBe(EXIT.ok);
    expect(shown.out()).toContain('downtime budget 500 ms');
    const refused = run('steer 122 --downtime-limit 0');
    expect(await refused.done).toBe(EXIT.usage);
    expect(refused.err()).toContain('change refused: downtimeMs');
    expect(await run('steer 122').done).toBe(EXIT.usage);
    await signal(122, 'finish', 'migrated');
  });

  test("resolve hands the operator's word on, and the workflow's refusal back as one sentence", async () => {
    expect(await run('migrate 123 pve2 --online --detach').done).toBe(EXIT.ok);
    const taken = run('resolve 123 --confirm-fenced pve1 --json');
    expect(await taken.done).toBe(EXIT.ok);
    expect(json(taken.out())).toEqual([{ event: 'resolved', say: 'confirm-fenced', node: 'pve1', by: 'root@pve1', answer: 'pve1 counts as fenced, said root@pve1' }]);
    const byName = ferry(standIn.clientEnv, ['resolve', '123', '--confirm-fenced', 'pve1', '--by', '--anna, on duty']);
    expect(await byName.done).toBe(EXIT.ok);
    expect(byName.out()).toBe('123: pve1 counts as fenced, said --anna, on duty\n');
    const retried = run('resolve 123 --retry-now');
    expect(await retried.done).toBe(EXIT.ok);
    for (const [argv, sentence] of [
      ['resolve 123 --confirm-fenced pve2', 'refused: migration of vm 123: pve2 is not fenced: its agent answers'],
      ['resolve 123 --give-up', 'refused: migration of vm 123: it is committed'],
    ] as const) {
      const refused = run(argv);
      expect(await refused.done).toBe(EXIT.refused);
      expect(refused.err()).toBe(`ferry: ${sentence}\n`);
    }
    for (const argv of ['resolve 123', 'resolve 123 --retry-now --give-up']) expect(await run(argv).done).toBe(EXIT.usage);
    await signal(123, 'finish', 'migrated');
  });

  test.each(['show 199', 'cancel 199', 'show no-such-id', 'steer 199 --bwlimit 0', 'resolve 199 --retry-now'])('%s: 5, there is none', async (argv) => {
    const cli = run(argv);
    expect(await cli.done).toBe(EXIT.notFound);
    expect(cli.err()).toMatch(/there is no migration .*ferry list --all/);
  });
});

describe('without Temporal', () => {
  test('refused connection: one sentence with the address and the next step, within 5 s', async () => {
    await unreachable('127.0.0.1:1');
  });

  test('a server that says nothing: the same', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    const sockets = new Set<Socket>();
    server.on('connection', (socket) => sockets.add(socket));
    await new Promise((resolve) => server.once('listening', resolve));
    await unreachable(`127.0.0.1:${(server.address() as AddressInfo).port}`);
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });

  async function unreachable(address: string): Promise<void> {
    const startedMs = performance.now();
    const cli = ferry({ TEMPORAL_ADDRESS: address }, ['list']);
    expect(await cli.done).toBe(EXIT.unreachable);
    expect(performance.now() - startedMs).toBeLessThan(5000);
    expect(cli.err()).toMatch(new RegExp(`^ferry: connecting failed: Temporal at ${address}: .*TEMPORAL_ADDRESS.*\\n$`));
  }
});

test('help lists the commands and the exit codes', async () => {
  const cli = ferry({}, ['--help']);
  expect(await cli.done).toBe(EXIT.ok);
  expect(cli.out()).toMatch(/migrate[^]*check[^]*list[^]*show[^]*cancel[^]*steer[^]*resolve[^]*130 detached/);
});

/** Visibility follows a start with a delay. */
async function visible(workflowId: string): Promise<void> {
  for (;;) {
    const { count } = await standIn.env.client.workflow.count(`WorkflowId = '${workflowId}'`);
    if (count > 0) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
