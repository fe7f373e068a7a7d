import { steerMigration } from '../../api/steer.js';
import { ClientError } from '../../errors.js';
import { EXIT } from '../exit-codes.js';
import type { Io } from '../io.js';
import { withClient } from '../with-client.js';

/** `ferry steer`: the workflow itself refuses what makes no sense now. */
export async function steerCommand(io: Io, what: string, flags: { downtimeLimit?: string; bwlimit?: string }): Promise<number> {
  const wishes = {
    ...(flags.downtimeLimit === undefined ? {} : { downtimeLimitMs: wholeNumber('--downtime-limit', flags.downtimeLimit) }),
    ...(flags.bwlimit === undefined ? {} : { bwlimitKiBps: wholeNumber('--bwlimit', flags.bwlimit) }),
  };
  if (Object.keys(wishes).length === 0) throw new ClientError('usage', 'steering failed: say what to change: --downtime-limit <ms> or --bwlimit <KiB/s>.');
  await withClient(io, (client) => steerMigration(client, what, wishes));
  io.stdout.write(`changed: ${what}: it counts from the next round\n`);
  return EXIT.ok;
}

function wholeNumber(option: string, text: string): number {
  if (!/^\d+$/.test(text)) throw new ClientError('usage', `${option}: a whole number is needed, not \`${text}\`.`);
  return Number(text);
}
