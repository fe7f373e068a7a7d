import { parseMigrateRequest } from '../../../domain/edge/migrate-request.js';
import { EXIT, exitCodeOf } from '../exit-codes.js';
import type { Io } from '../io.js';
import { presenterFor } from '../present.js';
import { comeBack } from '../presenter.js';
import { rawRequest, type MigrateFlags } from '../request.js';

/** `ferry migrate`: starts it, shows it to its end. Nothing is sent, and Temporal not even loaded, for input that can't be right. */
export async function migrateCommand(io: Io, vmid: string, target: string, flags: MigrateFlags & { json?: boolean; detach?: boolean }): Promise<number> {
  const request = parseMigrateRequest(rawRequest(vmid, target, flags, io.caller));
  const [{ withClient }, { startMigration, summaryOf }, { follow }] = await Promise.all([
    import('../with-client.js'),
    import('../../api/start.js'),
    import('../follow.js'),
  ]);
  return withClient(io, async (client) => {
    const presenter = await presenterFor(io, flags, Date.now());
    const run = await startMigration(client, request);
    presenter.started(run, summaryOf(request));
    if (flags.detach !== true) return exitCodeOf(await follow(io, client, run, presenter));
    if (flags.json !== true) io.stdout.write(`${comeBack(run)}\n`);
    return EXIT.ok;
  });
}
