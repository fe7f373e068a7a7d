import { readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EXIT } from '../../client/cli/exit-codes.js';
import { ferry, type Cli } from './stand-in/cli.js';
import { startStandIn, type StandIn } from './stand-in/server.js';

jest.setTimeout(60_000);
let standIn: StandIn;
beforeAll(async () => {
  standIn = await startStandIn();
});
afterAll(() => standIn.stop());

const run = (argv: string): Cli => ferry(standIn.clientEnv, argv.split(' '));

describe('ferry plan evacuate', () => {
  test('every guest can leave: 0, as text or JSON', async () => {
    const cli = run('plan evacuate pve1 --concurrency 3');
    expect(await cli.done).toBe(EXIT.ok);
    expect(cli.out()).toMatch(/^1 guest can leave pve1 in about 9.0 s; nothing stays\n[^]*vm 101 {2}web {3}live/);
    const asJson = run('plan evacuate pve1 --json');
    expect(await asJson.done).toBe(EXIT.ok);
    expect(JSON.parse(asJson.out())).toMatchObject({ node: 'pve1', moves: [{ vmid: 101, to: 'pve2' }] });
  });

  test('somebody stays: 2, with what helps; as a page too', async () => {
    const cli = run('plan evacuate pve3');
    expect(await cli.done).toBe(EXIT.refused);
    expect(cli.out()).toMatch(/1 guest stays[^]*pve2 lacks 1.0 GiB of memory for vm 101 \[memory-insufficient\]\n {5}-> free 1.0 GiB on pve2/);
    const file = join(tmpdir(), `plan-${process.pid}.html`);
    expect(await run(`plan evacuate pve3 --html ${file}`).done).toBe(EXIT.refused);
    expect(await readFile(file, 'utf8')).toContain('<h1');
    await rm(file);
  });

  test('bad input: 64', async () => {
    const cli = run('plan evacuate pve1 --targets pve1');
    expect(await cli.done).toBe(EXIT.usage);
    expect(cli.err()).toContain('targets: pve1 is the node to empty');
  });
});
