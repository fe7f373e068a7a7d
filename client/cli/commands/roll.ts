import type { RollProgress, RollReport } from '../../../domain/contracts/roll.js';
import { parseRollRequest } from '../../../domain/edge/roll-request.js';
import { startRoll } from '../../api/evacuation/start.js';
import { tellRun } from '../../api/evacuation/steer.js';
import { ROLL_QUERY, ROLL_WORKFLOW } from '../../api/names.js';
import { ClientError } from '../../errors.js';
import { rollLine, rollTable, rollText } from '../../render/evacuation.js';
import { EXIT } from '../exit-codes.js';
import { rawEvacuation, type EvacuationFlags } from '../evacuation-request.js';
import { followRun } from '../follow-run.js';
import type { Io } from '../io.js';
import { numeric } from '../request.js';
import { withClient } from '../with-client.js';

export interface RollFlags extends EvacuationFlags {
  readonly hook?: string;
  readonly returnHome?: boolean;
  readonly returnTimeout?: string;
  readonly json?: boolean;
  readonly wait?: boolean;
}

/** `ferry roll pve1 pve2,pve3`: one group after the other, the nodes of a group at the same time. */
export async function rollCommand(io: Io, nodes: readonly string[], { hook, returnHome, returnTimeout, json = false, wait = true, ...flags }: RollFlags): Promise<number> {
  const wishes = { hook, returnHome, returnTimeoutSeconds: numeric(returnTimeout) };
  const { node: _, ...evacuation } = rawEvacuation('', flags, io.caller);
  const raw = { ...evacuation, ...Object.fromEntries(Object.entries(wishes).filter(([, value]) => value !== undefined)), groups: nodes.map((group) => group.split(',')) };
  parseRollRequest(raw);
  return withClient(io, async (client) => {
    const run = await startRoll(client, raw);
    io.stdout.write(json ? `${JSON.stringify({ event: 'started', ...run })}\n` : `${run.url}\n`);
    if (!wait) return EXIT.ok;
    const ending = await followRun<RollReport, RollProgress>(io, client, run, { query: ROLL_QUERY, block: rollTable, line: rollLine, text: rollText }, json);
    if (ending.kind === 'detached') return EXIT.detached;
    if (ending.kind === 'no-report') return ending.code === 'Cancelled' ? EXIT.cancelled : EXIT.internal;
    return { done: EXIT.ok, stopped: EXIT.leftover, cancelled: EXIT.cancelled }[ending.report.outcome];
  });
}

/** `ferry ready <node>`: its maintenance is over; the roll it is part of goes on. */
export async function readyCommand(io: Io, node: string): Promise<number> {
  const answer = await withClient(io, async (client) => {
    const refusals: string[] = [];
    for await (const { workflowId } of client.temporal.workflow.list({ query: `WorkflowType = '${ROLL_WORKFLOW}' AND ExecutionStatus = 'Running'` })) {
      try {
        return await tellRun(client, workflowId, 'nodeReady', { node, by: io.caller });
      } catch (error) {
        if (!(error instanceof ClientError)) throw error;
        refusals.push(`${workflowId}: ${error.message}`);
      }
    }
    throw new ClientError(refusals.length === 0 ? 'not-found' : 'refused', refusals.length === 0 ? 'no rolling maintenance is running.' : refusals.join('; '));
  });
  io.stdout.write(`${answer}\n`);
  return EXIT.ok;
}
