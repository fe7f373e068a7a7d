import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EXIT } from '../../client/cli/exit-codes.js';
import { connectTemporal } from '../../client/index.js';
import { freePort } from '../../lab/free-port.js';
import { temporalBinary } from './stand-in/binary.js';
import { ferry } from './stand-in/cli.js';

jest.setTimeout(90_000);

describe('watching a migration', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ferry-outage-'));
  let server: ChildProcess | undefined;
  afterAll(async () => {
    if (server !== undefined) await kill(server);
    rmSync(folder, { recursive: true, force: true });
  });

  test('outlives a Temporal that is killed and comes back, and says so; no worker is needed to watch', async () => {
    const port = await freePort();
    const env = { TEMPORAL_ADDRESS: `127.0.0.1:${port}` };
    server = await startServer(port);
    const cli = ferry(env, ['migrate', '101', 'pve2', '--online', '--json']);
    await cli.seen('no control worker answers');
    await kill(server);
    await cli.seen('does not answer; the migration is not affected');
    server = await startServer(port);
    await cli.seen('Temporal answers again');

    const client = await connectTemporal(env);
    await client.temporal.workflow.getHandle('migrate-guest-101').terminate('by hand');
    await client.close();
    expect(await cli.done).toBe(EXIT.internal);
    expect(cli.out().trim().split('\n').at(-1)).toContain('"code":"Terminated"');
  });

  /** Resolves when it takes connections. */
  async function startServer(port: number): Promise<ChildProcess> {
    const args = ['server', 'start-dev', '--headless', '--ip', '127.0.0.1', '--port', String(port), '--db-filename', join(folder, 'temporal.db'), '--log-level', 'never'];
    let child = spawn(temporalBinary(), args, { stdio: 'ignore' });
    for (let starts = 1; ;) {
      try {
        await (await connectTemporal({ TEMPORAL_ADDRESS: `127.0.0.1:${port}` })).close();
        return child;
      } catch (error) {
        if (child.exitCode === null) continue;
        if (starts === 3) throw error;
        // one of the ports that it chooses itself was taken meanwhile
        starts += 1;
        child = spawn(temporalBinary(), args, { stdio: 'ignore' });
      }
    }
  }
});

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}
