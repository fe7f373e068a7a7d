import type { NodeActivities } from '../../domain/contracts/activities.js';
import type { Journal } from '../../domain/contracts/ports.js';
import type { NodeReconciliation } from '../../domain/contracts/reconcile.js';
import { toLedgerEntry } from '../../hypervisor/journal/ledger.js';
import { atTheEdge } from '../at-the-edge.js';

export interface NodeActivityDeps {
  readonly journal: Pick<Journal, 'read'>;
  reconcile(options: { readonly dryRun: boolean }): Promise<NodeReconciliation>;
}

/** What an agent does for its node as such, on queue `node-<name>`. */
export function createNodeActivities(deps: NodeActivityDeps): NodeActivities {
  return atTheEdge<NodeActivities>({
    readLedger: async ({ vmid, epoch }) => {
      const entry = await deps.journal.read(vmid, epoch);
      return entry === null ? null : toLedgerEntry(entry);
    },
    reconcileNode: ({ dryRun }) => deps.reconcile({ dryRun }),
  });
}
