import { cancelMigration } from '../../api/cancel.js';
import type { Watched } from '../../api/watch.js';
import { workflowUrl } from '../../connection.js';
import { EXIT, exitCodeOf } from '../exit-codes.js';
import { follow } from '../follow.js';
import type { Io } from '../io.js';
import { presenterFor } from '../present.js';
import { withClient } from '../with-client.js';

/** `ferry cancel`: exit 0 once it is asked for; with `--wait` 0 when the guest stayed where it was, 1 when it had already moved. */
export async function cancelCommand(io: Io, what: string, flags: { json?: boolean; wait?: boolean }): Promise<number> {
  return withClient(io, async (client) => {
    const asked = await cancelMigration(client, what);
    const run = { ...asked, url: workflowUrl(client, asked.workflowId, asked.runId) };
    if (flags.json === true) io.stdout.write(`${JSON.stringify({ event: 'cancel-requested', ...run })}\n`);
    else io.stdout.write(`cancel requested: ${what}: it is rolled back now; see \`ferry show ${what} --watch\`\n`);
    if (flags.wait !== true) return EXIT.ok;
    return exitCodeOfCancel(await follow(io, client, run, await presenterFor(io, flags, Date.now())));
  });
}

function exitCodeOfCancel(watched: Watched): number {
  if (watched.kind !== 'report') return watched.kind === 'no-report' && watched.code === 'Cancelled' ? EXIT.ok : exitCodeOf(watched);
  return watched.report.outcome === 'migrated' ? EXIT.rolledBack : EXIT.ok;
}
