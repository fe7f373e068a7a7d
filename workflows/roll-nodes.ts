/**
 * Rolling maintenance, `{"nodes":["pve1","pve2"],"hook":"upgrade"}` or `{"groups":[["pve1","pve2"],["pve3"]]}`; group by group, each node of it:
 *
 * - empty it (`evacuateNode`, a child): only a node that is proved empty goes on
 * - run its maintenance command there, or wait for the Update `nodeReady`
 * - ask it until it answers again and says what it has to give
 * - lift the cordon, and let its guests come home (`returnHome`, a child)
 * - the first node that does not come so far ends the roll: no further one is touched
 */
import { CancellationScope, CancelledFailure, allHandlersFinished, ApplicationFailure, condition, continueAsNew, isCancellation } from '@temporalio/workflow';
import type { RollReport, RollRequest, RolledNode } from '../domain/contracts/roll.js';
import { eventsWritten } from './history.js';
import { timings } from './timings.js';
import { evacuationSteps } from './proxies.js';
import { rollNode } from './roll/roll-node.js';
import { installRollHandlers } from './roll/messages.js';
import { RollState } from './roll/state.js';

interface CarriedRoll {
  readonly request: RollRequest;
  readonly nodes: readonly RolledNode[];
  readonly startedAtMs: number;
  readonly runs: number;
  /** Groups that are done. */
  readonly done: number;
}

export async function rollNodes(raw: unknown, carried?: CarriedRoll): Promise<RollReport> {
  const desk: { state: RollState | null } = { state: null };
  installRollHandlers(desk);
  const { request, nodes, startedAtMs, runs, done } = carried ?? (await open(raw));
  const state = new RollState(nodes, startedAtMs, runs);
  desk.state = state;
  const scope = CancellationScope.current();
  try {
    for (const [index, group] of request.groups.entries()) {
      if (index < done) continue;
      if (index > done && isHistoryLong()) {
        await condition(allHandlersFinished);
        await continueAsNew<typeof rollNodes>(raw, { request, nodes: state.nodes, startedAtMs, runs: runs + 1, done: index });
      }
      await Promise.all(group.map((node) => rollNode(state, request, node)));
      if (state.failed.length > 0) break;
    }
  } catch (error) {
    if (!isCancellation(error) || !scope.consideredCancelled) throw error;
  }
  await CancellationScope.nonCancellable(() => condition(allHandlersFinished));
  return end(state, scope.consideredCancelled);
}

async function open(raw: unknown): Promise<CarriedRoll> {
  const request = await evacuationSteps('nodes').openRoll(raw);
  const nodes = request.groups.flat().map((node): RolledNode => ({ node, state: 'waiting', reason: '', startedAtMs: null, endedAtMs: null, left: 0, cameHome: 0 }));
  return { request, nodes, startedAtMs: Date.now(), runs: 1, done: 0 };
}

const isHistoryLong = (): boolean => eventsWritten() >= timings().evacuationHistoryEvents;

/** Only a roll that went over all its nodes is a success. */
function end(state: RollState, cancelled: boolean): RollReport {
  const { failed } = state;
  const outcome = cancelled ? 'cancelled' : failed.length > 0 ? 'stopped' : 'done';
  const reason = cancelled ? 'cancelled' : failed.length > 0 ? failed.map(({ node, reason: why }) => `${node}: ${why}`).join('; ') : `${state.nodes.length} nodes are done`;
  const report = state.finish(outcome, reason);
  if (outcome === 'done') return report;
  if (cancelled) throw new CancelledFailure(reason, [report]);
  throw ApplicationFailure.create({ type: 'NodeNotEmpty', message: `roll stopped: ${reason}`, nonRetryable: true, details: [report] });
}
