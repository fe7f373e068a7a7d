import { parseMigrateRequest } from '../../../domain/edge/migrate-request.js';
import { renderVerdict } from '../../render/verdict.js';
import { EXIT } from '../exit-codes.js';
import type { Io } from '../io.js';
import { rawRequest, type MigrateFlags } from '../request.js';

const SLOW_AFTER_MS = 4000;

/** `ferry check`: exit 0 if it could be moved, 2 with every reason if not. */
export async function checkCommand(io: Io, vmid: string, target: string, flags: MigrateFlags & { json?: boolean }): Promise<number> {
  const request = parseMigrateRequest(rawRequest(vmid, target, flags, io.caller));
  const [{ withClient }, { checkMigration }] = await Promise.all([import('../with-client.js'), import('../../api/check.js')]);
  const slow = setTimeout(() => io.stderr.write('waiting for the answers of the nodes; is a control worker running (`ferry control`)?\n'), SLOW_AFTER_MS);
  const verdict = await withClient(io, (client) => checkMigration(client, request)).finally(() => clearTimeout(slow));
  io.stdout.write(`${flags.json === true ? JSON.stringify(verdict, null, 2) : renderVerdict(request.vmid, request.target, verdict)}\n`);
  return verdict.refusals.length === 0 ? EXIT.ok : EXIT.refused;
}
