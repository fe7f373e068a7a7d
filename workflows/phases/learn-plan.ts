import type { EpochRef, NodeName } from '../../domain/ids.js';
import type { MigrationPlan } from '../../domain/contracts/plan.js';
import type { LedgerEntry } from '../../domain/contracts/reconcile.js';
import { messageOf } from '../../domain/errors.js';
import { Patience } from '../persist.js';
import { OperatorWord } from '../operator/word.js';
import { nodeSteps } from '../proxies.js';
import type { MigrationState } from '../state.js';

/** What the journals of the nodes that may have taken part know of a migration. */
export interface Ledger {
  readonly plan: MigrationPlan | null;
  readonly workflowId: string | null;
  /** No journal holds an open entry, and every node was heard. */
  readonly allClosed: boolean;
}

/** Asks the nodes' journals until one knows the plan, or until all have said that they know nothing. */
export async function learnPlan(state: MigrationState, ref: EpochRef, nodes: readonly NodeName[]): Promise<Ledger> {
  const patience = new Patience({ state, operator: new OperatorWord() }, 'learn from the journals what was planned');
  for (;;) {
    const silences: string[] = [];
    const answers = await Promise.all(nodes.map((node) => ask(ref, node, patience.tried).catch((error: unknown) => {
      silences.push(messageOf(error));
      return null;
    })));
    const entries = answers.filter((entry) => entry !== null);
    const plan = entries.find((entry) => entry.plan !== null)?.plan ?? null;
    if (plan !== null || silences.length === 0) {
      patience.end();
      const workflowId = entries.find((entry) => entry.workflowId !== null)?.workflowId ?? null;
      return { plan, workflowId, allClosed: silences.length === 0 && entries.every(({ closed }) => closed) };
    }
    await patience.pause(silences.join('; '));
  }
}

const ask = ({ vmid, epoch }: EpochRef, node: NodeName, again: boolean): Promise<LedgerEntry | null> =>
  nodeSteps(node, ` (vm ${vmid})`, again ? 'patient' : 'prompt').readLedger({ vmid, epoch });
