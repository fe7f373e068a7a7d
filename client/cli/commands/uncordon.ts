import { startReturn, uncordon } from '../../api/evacuation/start.js';
import { EXIT } from '../exit-codes.js';
import type { Io } from '../io.js';
import { withClient } from '../with-client.js';
import { followEvacuation } from './evacuate.js';

export interface UncordonFlags {
  readonly returnHome?: boolean;
  readonly json?: boolean;
  readonly wait?: boolean;
  readonly reason?: string;
}

/** `ferry uncordon`: the node takes guests again; with `--return-home` those that an evacuation moved away come back. */
export async function uncordonCommand(io: Io, node: string, { returnHome = false, json = false, wait = true, reason }: UncordonFlags): Promise<number> {
  const raw = { node, requestedBy: io.caller, ...(reason === undefined ? {} : { reason }) };
  return withClient(io, async (client) => {
    if (!returnHome) {
      const away = await uncordon(client, node, raw);
      const hint = away === 0 ? '' : `; ${away} guests that left it are elsewhere: \`ferry uncordon ${node} --return-home\` brings them back`;
      io.stdout.write(json ? `${JSON.stringify({ event: 'uncordoned', node, away })}\n` : `${node} takes guests again${hint}\n`);
      return EXIT.ok;
    }
    const run = await startReturn(client, node, raw);
    io.stdout.write(json ? `${JSON.stringify({ event: 'started', ...run })}\n` : `${run.url}\n`);
    return wait ? followEvacuation(io, client, run, { json }) : EXIT.ok;
  });
}
