import { listMigrations } from '../../api/list.js';
import { renderList } from '../../render/table.js';
import { EXIT } from '../exit-codes.js';
import type { Io } from '../io.js';
import { withClient } from '../with-client.js';

/** `ferry list`. */
export async function listCommand(io: Io, flags: { json?: boolean; all?: boolean }): Promise<number> {
  const rows = await withClient(io, (client) => listMigrations(client, { all: flags.all === true }));
  io.stdout.write(`${flags.json === true ? JSON.stringify(rows, null, 2) : renderList(rows)}\n`);
  return EXIT.ok;
}
