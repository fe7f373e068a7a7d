import type { EpochRef } from '../../domain/ids.js';
import type { SettlementFacts } from '../../domain/contracts/reconcile.js';
import type { MigrationReport } from '../../domain/contracts/report.js';
import { messageOf } from '../../domain/errors.js';
import { codeOf, failure } from '../failures.js';
import { OperatorWord } from '../operator/word.js';
import { persist, type Waiter } from '../persist.js';
import { stepsFor } from '../proxies.js';
import { buildReport } from '../report.js';
import type { MigrationState } from '../state.js';

/**
 * A migration that no journal knows: a node notes the plan before it makes anything, so there is at most a lock, and commands
 * that are still on their way. Both nodes close the epoch first, so that such a command finds it closed; then the lock goes.
 * With a token that is decided, or could be, somebody lost a journal: that is for a person.
 */
export async function settleUnplanned(ref: EpochRef, { request, owner, configNode, members }: SettlementFacts, state: MigrationState, proof: string): Promise<MigrationReport> {
  const operator = new OperatorWord();
  const nodes = [...new Set([...(owner?.nodes ?? request.nodes), ...(configNode === null ? [] : [configNode])])];
  const [source = configNode ?? '', target = source] = nodes.length > 0 ? nodes : members;
  const on = (one: string, other: string): Waiter =>
    ({ state, operator, steps: stepsFor(one, other, ref.vmid), patient: stepsFor(one, other, ref.vmid, 'patient') });
  const run = on(source, target);
  await persist(run, 'be sure that no node holds a copy', async (s) => {
    const decision = await s.cluster.readDecision(ref);
    if (decision === 'none' || decision === 'aborted') return;
    throw failure('OwnershipUnknown', `the commit token of ${ref.epoch} says ${decision}, but no journal knows this migration; look where vm ${ref.vmid} runs, then remove the token`);
  });
  state.enter('rollingBack', 'no node has made anything');
  for (const node of nodes) {
    await persist(on(node, node), `close the epoch on ${node}`, (s) => s.target.releaseReservation(ref).catch((error: unknown) => Promise.reject(begunAfterAll(error))));
  }
  await persist(run, 'forget the epoch', (s) => s.cluster.forgetEpoch(ref));
  await persist(run, 'unlock the guest', (s) => s.cluster.unlockGuest(ref));
  const subject = {
    ref, state, plan: null, warnings: [],
    request: { vmid: ref.vmid, target, withLocalDisks: true, force: false, requestedBy: owner?.requestedBy ?? 'unknown' },
  };
  const report = buildReport(subject, 'rolled-back', `nothing had been made on a node: ${proof}`);
  state.finish('rolledBack', report);
  return report;
}

/** A late command was quicker: there is a plan now. `persist` gives up on `StaleEpoch`, and the next settlement finds the plan. */
const begunAfterAll = (error: unknown): unknown => (codeOf(error) === 'OwnershipUnknown' ? failure('StaleEpoch', messageOf(error)) : error);
